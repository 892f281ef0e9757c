import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { stringify } from 'yaml'
import { BerthError } from '../../src/domain/errors.ts'
import { POOL, problems, read } from '../support/config.ts'

describe('an invalid file', () => {
  it('has all its problems reported at once, each with its path', () => {
    const tree = {
      listen: 'everywhere',
      acounts: 'native',
      accounts: 'magic',
      ssh: { bind: 'localhost', port: 22 },
      pools: {
        alpine: { size: 10, ssh_ports: '2221-2225', memory: 'lots', prepare: 'no.yml' },
        Debian: { ssh_ports: 2300, duration: { default: '30s', max: '10s', min: 1 } },
      },
    }
    assert.deepEqual(problems(tree, { BERTH_POOLS_ALPINE_CPUS: '-1', BERTH_X: '' }), [
      'acounts: unknown key; did you mean "accounts"? allowed: listen, database, accounts, engine, instance, peer_networks, concurrency, drain, keep, timezone, log, auth, rate_limit, trust_proxy, url, ssh, postgres, kubernetes, images, pools',
      'listen: must be host:port like 127.0.0.1:8080, not "everywhere"',
      'accounts: must be native or ansible, not "magic"',
      'ssh.port: unknown key; allowed: bind, host, host_ca, tunnel, gateway',
      'ssh.bind: must be an IP address, not "localhost"',
      'pools.alpine.memory: must be a size like 512m or 2g, not "lots"',
      'pools.alpine.cpus: must be a number of cores like 1 or 0.5, not "-1"',
      'pools.alpine.ssh_ports: 5 ports for 10 containers: widen the range or lower size',
      'pools.alpine.prepare: /somewhere/no.yml does not exist',
      'pools.Debian: the name must consist of a-z, 0-9 and "-", and begin with a letter',
      'pools.Debian.size: must be a whole number from 0 to 10000, not nothing',
      'pools.Debian.duration.min: unknown key; allowed: default, max',
      'pools.Debian.duration.default: must be at least 1m',
      'pools.Debian.duration.max: must not be shorter than the default',
      'BERTH_X: overrides no key of berth.yml',
    ])
  })

  const why = 'every caller that reaches it is an admin; auth: tokens allows any address'
  const two = (first: object, second: object) => ({ pools: { a: { ...POOL, ...first }, b: { ...POOL, ...second } } })
  const whole: readonly [title: string, tree: unknown, ...problems: string[]][] = [
    ['is empty', '', 'pools: must name at least one pool'],
    ['has no pools', { pools: {} }, 'pools: must name at least one pool'],
    [
      'names a database server of another kind',
      { database: 'mysql://berth@db/berth', pools: { p: POOL } },
      'database: must be a file such as containers.db or a URL like postgres://berth@db.example.org/berth',
    ],
    [
      'names no time zone',
      { timezone: 'Berlin', pools: { p: POOL } },
      'timezone: must be a time zone like Europe/Berlin or UTC, not "Berlin"',
    ],
    ['keeps less than a day', { keep: '23h', pools: { p: POOL } }, 'keep: must be at least 1d'],
    ['is a list', '- a', 'must be a map of keys to values', 'pools: must name at least one pool'],
    [
      'has a pool that is not a map',
      { pools: { p: POOL, q: 3 } },
      'pools.q: must be a map of keys to values',
      ...lacking('q'),
    ],
    ['has a pool that is empty', { pools: { p: POOL, q: null } }, ...lacking('q')],
    ['has a key twice', 'log: info\nlog: warn', 'Map keys must be unique at line 2, column 1'],
    ['is not YAML', 'log: "info', 'Missing closing "quote at line 1, column 11'],
    ['uses an alias without an anchor', 'log: *x', 'Unresolved alias (the anchor must be set before the alias): x'],
    [
      'lets anybody in',
      { listen: '0.0.0.0:80', auth: 'none', pools: { p: POOL } },
      `listen: must be a loopback address such as 127.0.0.1:8080 with auth: none, not "0.0.0.0": ${why}`,
    ],
    [
      'has an invalid image name',
      { pools: { p: { ...POOL, image: 'Debian 12' } } },
      'pools.p.image: must be an image such as debian:12 or alpine:3.22, not "Debian 12"',
    ],
    [
      'has `prepare_image` without a playbook',
      { pools: { p: { ...POOL, prepare_image: true } } },
      'pools.p.prepare_image: needs prepare, the playbook that makes the image: name one, or remove it',
    ],
    [
      'has a pool whose containers could have the name of a firewall',
      { pools: { 'berth-guard-a': POOL } },
      'pools.berth-guard-a: the name must not begin with "berth-guard-": containers of the firewall have such names',
    ],
    ['has pools that share ports', two({}, { ssh_ports: '2222-2223' }), 'pools.b.ssh_ports: used by pools.a: 2222'],
    ['has pools that share several ports', two({}, {}), 'pools.b.ssh_ports: used by pools.a: 2221, 2222'],
    [
      'shares the port of the API',
      { listen: 'localhost:2222', pools: { p: POOL } },
      'pools.p.ssh_ports: used by listen: 2222',
    ],
    [
      'shares ports and more',
      two({ cpus: 0 }, { cpus: 0 }),
      tooFew('a'),
      tooFew('b'),
      'pools.b.ssh_ports: used by pools.a: 2221, 2222',
    ],
  ]
  function lacking(name: string): string[] {
    return [
      `pools.${name}.size: must be a whole number from 0 to 10000, not nothing`,
      `pools.${name}.ssh_ports: must be ports like 2221-2230, not nothing`,
    ]
  }
  function tooFew(name: string): string {
    return `pools.${name}.cpus: must be a number of cores like 1 or 0.5, not 0`
  }
  for (const [title, tree, ...expected] of whole) {
    it(title, () => assert.deepEqual(problems(tree), expected))
  }
})

describe('any input', () => {
  const junk = fc.oneof(
    fc.constantFrom('2221', '5m', -1, null, Number.NaN, { toString: 1 }),
    fc.anything({ maxDepth: 1, maxKeys: 3 }),
  )
  const mostly = (right: unknown) =>
    fc.oneof({ weight: 15, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: junk })
  const likeThis = (right: object) =>
    fc.record(Object.fromEntries(Object.entries(right).map(([key, value]) => [key, mostly(value)])))
  const name = fc.constantFrom('p', 'q-2', 'Q', '__proto__', 'constructor')
  const aPool = likeThis({ ...POOL, memory: '512m', cpus: 0.5, sudo: false, duration: { max: '60m' } })
  const pools = fc.oneof(
    fc.dictionary(name, aPool, { maxKeys: 2 }),
    aPool.map((p) => ({ p })),
  )
  const tree = fc
    .tuple(likeThis({ listen: '127.0.0.1:80', ssh: {} }), pools)
    .map(([top, inner]) => ({ ...top, pools: inner }))
  const yaml = fc.oneof({ weight: 4, arbitrary: tree }, { weight: 1, arbitrary: junk }).map(written)

  /** Some things, such as symbols, have no form in YAML. */
  function written(anything: unknown): string {
    try {
      return stringify(anything) ?? ''
    } catch {
      return '{}'
    }
  }

  /** Throws for anything but a Config or a list of problems. */
  function outcomeOf(text: string): 'config' | 'problems' {
    try {
      assert.ok(read(text).pools.length > 0)
      return 'config'
    } catch (error) {
      assert.ok(error instanceof BerthError && error.code === 'invalid_config', String(error))
      assert.ok(error.message.includes('\n  '), 'it says what the problem is')
      return 'problems'
    }
  }

  it('returns a Config or reports its problems', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(yaml, (text) => void seen.add(outcomeOf(text))),
      { numRuns: 500 },
    )
    assert.equal(seen.size, 2, 'one of the two never came up')
  })

  it('also if it is not YAML', () => {
    const scrap = fc.constantFrom(...'[ { : - ? " *a &a pools'.split(' '), '- ', ': ', '? ', '<<: ', '!!set ', '\n')
    const text = fc.array(fc.oneof(scrap, fc.string()), { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, (scraps) => void outcomeOf(scraps)),
      { numRuns: 500 },
    )
  })
})
