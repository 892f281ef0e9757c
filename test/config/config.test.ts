import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { type Config, loadConfig, parseConfig } from '../../src/config/config.ts'
import { zoneOfMachine } from '../../src/domain/text/local-time.ts'
import { POOL, problems, read } from '../support/config.ts'

const SAMPLE = fileURLToPath(new URL('../../berth.yml', import.meta.url))
const GIB = 2 ** 30
const HOUR = 3_600_000

const folder = mkdtempSync(join(tmpdir(), 'berth-config-'))
after(() => rmSync(folder, { recursive: true }))

describe('the sample file', () => {
  it('states the defaults', () => {
    const { environment, ...config } = loadConfig({ BERTH_CONFIG: SAMPLE })
    assert.deepEqual(environment, { BERTH_CONFIG: SAMPLE, DOCKER_HOST: 'unix:///var/run/docker.sock' })
    assert.deepEqual(config, {
      file: SAMPLE,
      listen: { host: '127.0.0.1', port: 8080 },
      database: join(SAMPLE, '../containers.db'),
      postgres: null,
      ansibleOutput: join(SAMPLE, '../containers.db-ansible'),
      accounts: 'native',
      concurrency: 4,
      drainMs: 0,
      keepMs: 90 * 24 * HOUR,
      log: { level: 'info', format: null },
      timezone: zoneOfMachine(),
      auth: 'none',
      signOn: null,
      oidcClient: null,
      url: null,
      rateLimit: 0,
      trustProxy: [],
      instance: { name: 'berth', bind: '127.0.0.1' },
      sshHost: 'localhost',
      sshTunnel: false,
      sshGateway: null,
      hostCa: false,
      pools: [
        {
          name: 'alpine',
          size: 10,
          image: 'berth/box',
          ports: Array.from({ length: 10 }, (_, index) => 2221 + index),
          memory: GIB / 2,
          shm: GIB / 16,
          cpus: 1,
          pids: 256,
          sudo: true,
          reach: 'internet',
          disk: null,
          runtime: null,
          reachPeers: true,
          duration: { default: HOUR, max: 24 * HOUR },
          hold: null,
          selfService: true,
          prepare: null,
          preparedImage: null,
        },
      ],
      images: [{ name: 'berth/box', base: null }],
      peerNetworks: { first: 0x0a_d5_00_00, prefix: 16 },
      engine: { kind: 'docker', host: 'unix:///var/run/docker.sock', certificates: null, source: 'the default' },
    })
    // Except for `auth: none`, which is safe only on the loopback and has no default.
    const shortest = parseConfig('{auth: none, pools: {alpine: {size: 10, ssh_ports: 2221-2230}}}', SAMPLE, {})
    assert.deepEqual({ ...shortest, environment: null }, { ...config, environment: null })
  })

  it('names every key except those that few operators need', () => {
    const yaml = readFileSync(SAMPLE, 'utf8')
    const unknown = problems({ '?': 1, pools: { p: { ...POOL, '?': 1 } } })
    const known = unknown.flatMap((line) => line.replace(/.*allowed: /, '').split(', '))
    const unnamed = known.filter((key) => !new RegExp(`\\b${key}:`).test(yaml))
    assert.deepEqual(unnamed, [
      'peer_networks',
      'postgres',
      'kubernetes',
      'images',
      'shm',
      'disk',
      'nodes',
      'tolerations',
      'userns',
    ])
  })

  it('is valid with the keys that it shows as comments', () => {
    const yaml = readFileSync(SAMPLE, 'utf8').replaceAll(/^( *)# (\w+: )/gm, '$1$2')
    const { keepMs, pools } = parseConfig(yaml.replace('lab.yml', 'ansible/provision.yml'), SAMPLE, {})
    assert.deepEqual([keepMs, pools[0]?.runtime, pools[0]?.hold?.containers], [90 * 86_400_000, 'runsc', 2])
  })
})

describe('the environment', () => {
  const file = { pools: { alpine: POOL, 'big-one': { size: 1, ssh_ports: 2300 } } }
  const alpine = (config: Config) => config.pools[0]
  const bigOne = (config: Config) => config.pools[1]

  const overrides: readonly [name: string, written: string, what: (config: Config) => unknown, read: unknown][] = [
    ['BERTH_LISTEN', '[::1]:9090', (c) => c.listen, { host: '::1', port: 9090 }],
    ['BERTH_DATABASE', 'data/other.db', (c) => c.database, '/somewhere/data/other.db'],
    ['BERTH_DATABASE', '/data/other.db', (c) => c.database, '/data/other.db'],
    ['BERTH_ACCOUNTS', 'ansible', (c) => c.accounts, 'ansible'],
    ['BERTH_ENGINE', 'memory', (c) => [c.engine, c.accounts], [{ kind: 'memory' }, 'memory']],
    ['BERTH_INSTANCE', 'other', (c) => c.instance.name, 'other'],
    ['BERTH_CONCURRENCY', '8', (c) => c.concurrency, 8],
    ['BERTH_DRAIN', '5s', (c) => c.drainMs, 5_000],
    ['BERTH_KEEP', '7d', (c) => c.keepMs, 7 * 24 * HOUR],
    ['BERTH_LOG', 'debug', (c) => c.log.level, 'debug'],
    ['BERTH_TIMEZONE', 'Asia/Tokyo', (c) => c.timezone, 'Asia/Tokyo'],
    ['BERTH_AUTH', 'none', (c) => [c.auth, c.rateLimit], ['none', 0]],
    ['BERTH_RATE_LIMIT', '60', (c) => c.rateLimit, 60],
    ['BERTH_SSH_BIND', '0.0.0.0', (c) => c.instance.bind, '0.0.0.0'],
    ['BERTH_SSH_HOST', 'lab.example', (c) => c.sshHost, 'lab.example'],
    ['BERTH_SSH_HOST_CA', 'true', (c) => c.hostCa, true],
    ['BERTH_POOLS_ALPINE_SIZE', '1', (c) => alpine(c)?.size, 1],
    ['BERTH_POOLS_ALPINE_IMAGE', 'debian', (c) => alpine(c)?.image, 'debian'],
    ['BERTH_POOLS_ALPINE_SSH_PORTS', '3001,3005-3006', (c) => alpine(c)?.ports, [3001, 3005, 3006]],
    ['BERTH_POOLS_ALPINE_MEMORY', '2g', (c) => alpine(c)?.memory, 2 * GIB],
    ['BERTH_POOLS_ALPINE_SHM', '256m', (c) => alpine(c)?.shm, GIB / 4],
    ['BERTH_POOLS_ALPINE_CPUS', '0.5', (c) => alpine(c)?.cpus, 0.5],
    ['BERTH_POOLS_ALPINE_PIDS', '100', (c) => alpine(c)?.pids, 100],
    ['BERTH_POOLS_ALPINE_SUDO', 'false', (c) => alpine(c)?.sudo, false],
    ['BERTH_POOLS_ALPINE_SELF_SERVICE', 'false', (c) => alpine(c)?.selfService, false],
    ['BERTH_POOLS_ALPINE_PREPARE', SAMPLE, (c) => alpine(c)?.prepare, SAMPLE],
    ['BERTH_POOLS_ALPINE_DURATION_DEFAULT', '90s', (c) => alpine(c)?.duration.default, 90_000],
    ['BERTH_POOLS_ALPINE_DURATION_MAX', '7d', (c) => alpine(c)?.duration.max, 168 * HOUR],
    ['BERTH_POOLS_BIG_ONE_SIZE', '0', (c) => bigOne(c)?.size, 0],
    ['DOCKER_HOST', 'tcp://elsewhere:2375', (c) => c.engine.kind === 'docker' && c.engine.host, 'tcp://elsewhere:2375'],
  ]
  for (const [name, written, what, expected] of overrides) {
    it(`${name}=${written}`, () => {
      assert.notDeepEqual(what(read(file)), expected, 'the default says the same, so this shows nothing')
      assert.deepEqual(what(read(file, { [name]: written })), expected)
    })
  }

  it('is checked like the file', () => {
    assert.deepEqual(problems(file, { BERTH_POOLS_ALPINE_SIZE: 'ten', BERTH_LOG: '' }), [
      'log: must be debug or info or warn or error, not ""',
      'pools.alpine.size: must be a whole number from 0 to 10000, not "ten"',
    ])
  })

  it('overrides invalid values of the file', () => {
    assert.equal(read({ ...file, log: 'loud' }, { BERTH_LOG: 'warn' }).log.level, 'warn')
  })

  it('must not have BERTH_ variables that override nothing', () => {
    const typos = { BERTH_LISTEM: 'x', BERTH_POOLS_DEBIAN_SIZE: '3', BERTH_POOLS_ALPINE: '3', BERTHOLD: 'x' }
    assert.deepEqual(problems(file, typos), [
      'BERTH_LISTEM: overrides no key of berth.yml; did you mean BERTH_LISTEN?',
      'BERTH_POOLS_DEBIAN_SIZE: overrides no key of berth.yml',
      'BERTH_POOLS_ALPINE: overrides no key of berth.yml',
    ])
  })
})

describe('loading', () => {
  it('reports which file is missing, and how to name another', () => {
    const message = `${folder}/no.yml does not exist; BERTH_CONFIG names another file`
    assert.throws(() => loadConfig({ BERTH_CONFIG: `${folder}/no.yml` }), { code: 'invalid_config', message })
  })

  it('reports why a file cannot be read', () => {
    assert.throws(() => loadConfig({ BERTH_CONFIG: folder }), { code: 'invalid_config', message: /EISDIR/ })
  })

  it('resolves the database and the playbook from the folder of the file', () => {
    const file = join(folder, 'berth.yml')
    writeFileSync(join(folder, 'site.yml'), '')
    writeFileSync(file, stringify({ pools: { p: { ...POOL, prepare: 'site.yml' } } }))
    const config = loadConfig({ BERTH_CONFIG: file })
    assert.equal(config.database, join(folder, 'containers.db'))
    assert.equal(config.pools[0]?.prepare, join(folder, 'site.yml'))
  })

  it('marks the image of a pool with `prepare_image` as awaited', () => {
    const tree = { pools: { p: { ...POOL, prepare: SAMPLE, prepare_image: true }, q: { size: 1, ssh_ports: 2300 } } }
    assert.deepEqual(
      read(tree).pools.map(({ preparedImage }) => preparedImage),
      ['awaited', null],
    )
    assert.equal(read(tree, { BERTH_POOLS_P_PREPARE_IMAGE: 'false' }).pools[0]?.preparedImage, null)
  })

  it('returns a frozen Config', () => {
    const config = read({ pools: { p: POOL } }, { HOME: '/' })
    const parts = [
      config,
      config.instance,
      config.pools,
      config.pools[0],
      config.pools[0]?.ports,
      config.pools[0]?.duration,
    ]
    for (const part of [...parts, config.listen, config.environment]) assert.ok(Object.isFrozen(part))
  })

  it('keeps the order of the pools: the first one is the default', () => {
    const pools = { z: POOL, a: { size: 1, ssh_ports: 3000 }, m: { size: 0, ssh_ports: 3001 } }
    assert.deepEqual(
      read({ pools }).pools.map((pool) => pool.name),
      ['z', 'a', 'm'],
    )
  })
})
