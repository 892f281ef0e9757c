import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changesBetween } from '../../src/config/changes.ts'
import { describeChange } from '../../src/domain/text/setting-change.ts'
import { POOL, read } from '../support/config.ts'

const BASE = { timezone: 'UTC', pools: { lab: POOL } }

/** In words, for two trees of berth.yml. */
function changes(before: object, after: object): { live: string[]; restart: string[] } {
  const { live, restart } = changesBetween(read({ ...BASE, ...before }), read({ ...BASE, ...after }))
  return { live: live.map(describeChange), restart: restart.map(describeChange) }
}

const live = (before: object, after: object) => {
  const found = changes(before, after)
  assert.deepEqual(found.restart, [])
  return found.live
}
const ofPool = (some: object) => live({}, { pools: { lab: { ...POOL, ...some } } })
const restart = (before: object, after: object) => {
  const found = changes(before, after)
  assert.deepEqual(found.live, [])
  return found.restart
}
const oidc = (some: object) => ({ auth: { oidc: { issuer: 'https://a.example', audience: 'berth', ...some } } })

describe('changes between two readings of berth.yml', () => {
  it('are none for the same settings, however they are written', () => {
    assert.deepEqual(live({ keep: '90d' }, { keep: '2160h', pools: { lab: { ...POOL, memory: '0.5g' } } }), [])
  })

  it('name each setting that a running manager applies, as it is written', () => {
    assert.deepEqual(live({}, { keep: '30d', concurrency: 8, log: 'debug', timezone: 'Europe/Berlin' }), [
      'concurrency: 4 -> 8',
      'keep: 90d -> 30d',
      'log.level: info -> debug',
      'timezone: UTC -> Europe/Berlin',
    ])
    assert.deepEqual(live({}, { rate_limit: 5, ssh: { bind: '0.0.0.0', host: 'lab.example' } }), [
      'ssh.bind: 127.0.0.1 -> 0.0.0.0',
      'ssh.host: localhost -> lab.example',
      'rate_limit: 1200 -> 5',
    ])
    assert.deepEqual(live({}, { url: 'https://lab.example' }), ['url: new, https://lab.example'])
    const limits = { containers: 2, duration: '1h', pools: ['lab'] }
    assert.deepEqual(live(oidc({}), oidc({ limits })), [
      'auth.oidc.limits.containers: new, 2',
      'auth.oidc.limits.duration: new, 1h',
      'auth.oidc.limits.pools: new, lab',
    ])
  })

  it('name each setting of a pool', () => {
    assert.deepEqual(ofPool({ size: 3, ssh_ports: '2221-2222,2230' }), [
      'pools.lab.size: 2 -> 3',
      'pools.lab.ssh_ports: 2221-2222 -> 2221-2222,2230',
    ])
    assert.deepEqual(
      ofPool({ image: 'debian:12', memory: '1g', shm: '128m', cpus: 0.5, pids: 100, runtime: 'runsc' }),
      [
        'pools.lab.image: berth/box -> debian:12',
        'pools.lab.memory: 512m -> 1024m',
        'pools.lab.shm: 64m -> 128m',
        'pools.lab.cpus: 1 -> 0.5',
        'pools.lab.pids: 256 -> 100',
        'pools.lab.runtime: new, runsc',
      ],
    )
    assert.deepEqual(ofPool({ sudo: false, reach: 'none', reach_peers: false, self_service: false }), [
      'pools.lab.sudo: true -> false',
      'pools.lab.reach: internet -> none',
      'pools.lab.reach_peers: true -> false',
      'pools.lab.self_service: true -> false',
    ])
    const prepare = import.meta.filename
    assert.deepEqual(ofPool({ prepare, prepare_image: true, hold: { max: '1h', containers: 1 } }), [
      'pools.lab.hold.max: new, 1h',
      'pools.lab.hold.containers: new, 1',
      `pools.lab.prepare: new, ${prepare}`,
      'pools.lab.prepare_image: false -> true',
    ])
    assert.deepEqual(ofPool({ duration: { default: '30m', max: '2h' } }), [
      'pools.lab.duration.default: 1h -> 30m',
      'pools.lab.duration.max: 1d -> 2h',
    ])
  })

  it('name new and removed pools, and another first one', () => {
    const other = { size: 1, ssh_ports: '2300' }
    assert.deepEqual(live({}, { pools: { lab: POOL, other } }), ['pools.other: new, 1 container of berth/box'])
    assert.deepEqual(live({ pools: { lab: POOL, other } }, {}), ['pools.other: removed (1 container of berth/box)'])
    assert.deepEqual(live({ pools: { lab: POOL, other } }, { pools: { other, lab: POOL } }), [
      'pools: lab is the first -> other is the first',
    ])
  })

  for (const [after, path] of [
    [{ listen: '127.0.0.1:9' }, 'listen: '],
    [{ database: 'other.db' }, 'database: '],
    [{ accounts: 'ansible' }, 'accounts: '],
    [{ instance: 'other' }, 'instance: '],
    [{ peer_networks: '10.1.0.0/16' }, 'peer_networks: '],
    [{ ssh: { host_ca: true } }, 'ssh.host_ca: '],
    [{ log: { format: 'text' } }, 'log.format: '],
  ] as const) {
    it(`need a restart for ${path}`, () => {
      const [found, ...more] = restart({}, after)
      assert.ok(found?.startsWith(path), found)
      assert.deepEqual(more, [])
    })
  }

  it('need a restart for what a cluster is told', () => {
    const ssh = { tunnel: true }
    const withCluster = (kubernetes: object) => ({ engine: 'kubernetes', ssh, kubernetes })
    const some = { nameservers: ['192.0.2.53', '192.0.2.54'], gateways: ['192.0.2.0/24'] }
    assert.deepEqual(restart(withCluster({}), withCluster(some)), [
      'kubernetes.nameservers: new, 192.0.2.53, 192.0.2.54',
      'kubernetes.gateways: new, 192.0.2.0/24',
    ])
    const [line = '', ...more] = restart(withCluster({}), withCluster({ namespace: 'other' }))
    assert.match(line, /^engine: kubernetes, .* -> kubernetes, namespace other of /)
    assert.deepEqual(more, [])
  })

  it('need a restart for who may call', () => {
    assert.deepEqual(changes({}, { auth: 'none', rate_limit: 1_200 }).restart, ['auth: tokens -> none'])
    const some = { clients: ['cli'], admin_claim: 'groups=ops', name_claim: 'email' }
    assert.deepEqual(restart(oidc({}), oidc({ issuer: 'https://b.example', audience: 'lab', ...some })), [
      'auth.oidc.issuer: https://a.example -> https://b.example',
      'auth.oidc.audience: berth -> lab',
      'auth.oidc.clients: new, cli',
      'auth.oidc.admin_claim: new, groups=ops',
      'auth.oidc.name_claim: sub -> email',
    ])
    const client = { client_id: 'web', client_secret_file: '/etc/berth/secret', scopes: ['groups'] }
    const url = 'https://lab.example'
    assert.deepEqual(restart({ url, ...oidc({}) }, { url, ...oidc(client) }), [
      'auth.oidc.client_id: new, web',
      'auth.oidc.client_secret_file: new, /etc/berth/secret',
      'auth.oidc.scopes: new, openid groups',
    ])
    const engine = restart({}, { engine: 'memory' })
    assert.ok(
      engine.some((line) => line.startsWith('engine: docker, ')),
      engine.join(),
    )
  })
})
