import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { problems, read } from '../support/config.ts'

const GIB = 2 ** 30
const HOUR = 3_600_000

describe('a value', () => {
  const PEERS = 'peer_networks: must be a block of IPv4 addresses from /8 to /28, like 10.213.0.0/16, not'
  const LISTEN = 'listen: must be host:port like 127.0.0.1:8080, not'
  const good: readonly [key: string, written: unknown, read: unknown, as?: string][] = [
    ['memory', '32m', 32 * 2 ** 20],
    ['memory', '1.5G', 1.5 * GIB],
    ['memory', '512 MB', GIB / 2],
    ['memory', '536870912b', GIB / 2],
    ['max', '3600s', HOUR],
    ['max', '1.5h', 1.5 * HOUR],
    ['max', '365d', 365 * 24 * HOUR],
    ['ports', 2221, [2221]],
    ['ports', '1, 65535', [1, 65_535]],
    ['listen', '127.1.2.3:0', { host: '127.1.2.3', port: 0 }],
    ['sudo', false, false],
    ['reach', 'none', 'none'],
    ['reach_peers', false, false, 'reachPeers'],
    ['peer_networks', '10.0.0.0/8', { first: 0x0a_00_00_00, prefix: 8 }, 'peerNetworks'],
    ['runtime', 'runsc', 'runsc'],
    ['shm', '512m', 2 ** 29],
    ['disk', '5g', 5 * 2 ** 30],
    ['cpus', 0.01, 0.01],
  ]
  const bad: readonly [key: string, written: unknown, problem: string][] = [
    ['memory', '31m', 'pools.p.memory: must be at least 32m, not "31m"'],
    [
      'shm',
      '513m',
      "pools.p.shm: must be at most 512m, the pool's memory, of which it is a part, got 513m; raise memory",
    ],
    ['disk', '10m', 'pools.p.disk: must be at least 64m, not "10m"'],
    ['shm', '1k', 'pools.p.shm: must be at least 1m, not "1k"'],
    ['memory', 512, 'pools.p.memory: must be a size like 512m or 2g, not 512'],
    ['max', '60', 'pools.p.duration.max: must be a duration like 90s, 60m, 24h or 7d, not "60"'],
    ['max', '366d', 'pools.p.duration.max: must not be longer than 365d, not "366d"'],
    ['max', '59m', 'pools.p.duration.max: must not be shorter than the default'],
    ['ports', '2230-2221', 'pools.p.ssh_ports: must be ports like 2221-2230, not "2230-2221"'],
    ['ports', '0-3', 'pools.p.ssh_ports: must be ports like 2221-2230, not "0-3"'],
    ['ports', '65536', 'pools.p.ssh_ports: must be ports like 2221-2230, not "65536"'],
    ['ports', [2221], 'pools.p.ssh_ports: must be ports like 2221-2230, not a list'],
    ['ports', '1-5,3', 'pools.p.ssh_ports: names a port twice: "1-5,3"'],
    ['listen', '8080', `${LISTEN} "8080"`],
    ['listen', 'localhost:65536', `${LISTEN} "localhost:65536"`],
    ['listen', { toString: 1 }, `${LISTEN} a map`],
    ['reach', 'lan', 'pools.p.reach: must be internet or none or all, not "lan"'],
    ...['10.213.0.1/16', '10.0.0.0/7', '10.213.0.0/29', 'fd00::/16', 10].map((written): [string, unknown, string] => [
      'peer_networks',
      written,
      `${PEERS} ${JSON.stringify(written)}`,
    ]),
    ['reach_peers', 'lan', 'pools.p.reach_peers: must be true or false, not "lan"'],
    ['runtime', '', 'pools.p.runtime: must be a non-empty string, not ""'],
    ['sudo', 'yes', 'pools.p.sudo: must be true or false, not "yes"'],
    ['cpus', '.inf', 'pools.p.cpus: must be a number of cores like 1 or 0.5, not ".inf"'],
  ]
  const TOP = new Set(['listen', 'peer_networks'])
  const withValue = (key: string, written: unknown) => ({
    ...(TOP.has(key) && { [key]: written }),
    pools: {
      p: {
        size: 1,
        ssh_ports: key === 'ports' ? written : 2221,
        ...(key === 'max' ? { duration: { [key]: written } } : !TOP.has(key) && key !== 'ports' && { [key]: written }),
      },
    },
  })
  for (const [key, written, expected, as = key] of good) {
    it(`${key} ${JSON.stringify(written)}`, () => {
      const config = read(withValue(key, written))
      const found = { ...config, ...config.pools[0], ...config.pools[0]?.duration }[as]
      assert.deepEqual(found, expected)
    })
  }
  for (const [key, written, problem] of bad) {
    it(`not ${key} ${JSON.stringify(written)}`, () => assert.deepEqual(problems(withValue(key, written)), [problem]))
  }
})
