/** Rows, pools and observed containers with all fields, for tests that need some of them. */
import type { Container } from '../src/domain/container.ts'
import { containerName, type Pool } from '../src/domain/pool.ts'
import type { Observed } from '../src/ports/engine.ts'
import type { Reservation } from '../src/domain/reservation.ts'

export const NOW = 1_800_000_000_000

export function pool(some: Partial<Pool> = {}): Pool {
  const size = some.size ?? 3
  return {
    name: 'p',
    size,
    image: 'image',
    ports: Array.from({ length: size }, (_, index) => 2_221 + index),
    memory: 2 ** 29,
    shm: 2 ** 26,
    cpus: 1,
    pids: 256,
    sudo: true,
    reach: 'internet',
    disk: null,
    runtime: null,
    reachPeers: true,
    duration: { default: 3_600_000, max: 86_400_000 },
    hold: null,
    selfService: true,
    prepare: null,
    preparedImage: null,
    ...some,
  }
}

export function container(some: Partial<Container> = {}): Container {
  const { pool: poolName = 'p', number = 1 } = some
  return {
    name: containerName(poolName, number),
    pool: poolName,
    number,
    host: null,
    port: 2_220 + number,
    node: null,
    state: 'ready',
    since: NOW - 10_000,
    generation: 1,
    engineId: `id-${number}`,
    hostKey: 'SHA256:key',
    hostPublicKey: null,
    attempts: 0,
    retryAt: 0,
    error: null,
    resetAt: null,
    ...some,
  }
}

export function observed(some: Partial<Observed> = {}): Observed {
  const name = some.name ?? 'p-1'
  return {
    id: `id-${name.split('-').at(-1)}`,
    name,
    pool: 'p',
    generation: 1,
    spec: 'digest',
    host: null,
    node: null,
    port: 2_220 + Number(name.split('-').at(-1)),
    state: 'running',
    createdAt: NOW - 20_000,
    database: 'db',
    origin: 'host:/srv/db.db',
    lentTo: null,
    peers: null,
    ...some,
  }
}

export function reservation(some: Partial<Reservation> = {}): Reservation {
  return {
    id: 'r',
    pool: 'p',
    owner: 'anyone',
    username: 'alice',
    passwordHash: '$6$salt$hash',
    sshKeys: [],
    state: 'active',
    count: 1,
    createdAt: NOW - 5_000,
    durationMs: 60_000,
    prepareBy: NOW + 30_000,
    promised: false,
    waitUntil: null,
    position: null,
    activeAt: NOW - 5_000,
    expiresAt: NOW + 55_000,
    keepaliveMs: null,
    aliveUntil: null,
    notifiedEnd: some.expiresAt === undefined ? NOW + 55_000 : some.expiresAt,
    notifiedLeft: null,
    endedAt: null,
    outcome: null,
    reason: null,
    note: null,
    name: null,
    heldAt: null,
    holds: [{ container: 'p-1', accountGeneration: 1 }],
    ...some,
  }
}
