/** Compares the pools of two readings of berth.yml. */
import { formatNodes, formatTolerations } from './cluster/cluster.ts'
import type { Pool } from '../domain/pool.ts'
import type { SettingChange } from '../domain/text/setting-change.ts'
import { counted } from '../domain/text/counted.ts'
import { formatDuration } from '../domain/text/duration.ts'

/** Returns a setting as it would be written in berth.yml; null: not set. */
type Written = (pool: Pool) => string | number | boolean | null

const MIB = 2 ** 20

/** Keys of berth.yml by property of a pool. A new property does not compile until it is compared here. */
const KEYS: Readonly<Record<Exclude<keyof Pool, 'name'>, Readonly<Record<string, Written>>>> = {
  size: { size: (pool) => pool.size },
  image: { image: (pool) => pool.image },
  ports: { ssh_ports: (pool) => formatPorts(pool.ports) },
  memory: { memory: (pool) => formatBytes(pool.memory) },
  shm: { shm: (pool) => formatBytes(pool.shm) },
  disk: { disk: (pool) => pool.disk && formatBytes(pool.disk) },
  cpus: { cpus: (pool) => pool.cpus },
  pids: { pids: (pool) => pool.pids },
  sudo: { sudo: (pool) => pool.sudo },
  reach: { reach: (pool) => pool.reach },
  reachPeers: { reach_peers: (pool) => pool.reachPeers },
  runtime: { runtime: (pool) => pool.runtime },
  nodes: { nodes: formatNodes },
  tolerations: { tolerations: formatTolerations },
  userns: { userns: (pool) => pool.userns ?? null },
  duration: {
    'duration.default': (pool) => formatDuration(pool.duration.default),
    'duration.max': (pool) => formatDuration(pool.duration.max),
  },
  hold: {
    'hold.max': (pool) => pool.hold && formatDuration(pool.hold.max),
    'hold.containers': (pool) => pool.hold?.containers ?? null,
  },
  selfService: { self_service: (pool) => pool.selfService },
  prepare: { prepare: (pool) => pool.prepare },
  preparedImage: { prepare_image: (pool) => pool.preparedImage !== null },
}
const WRITTEN = Object.values(KEYS).flatMap((keys) => Object.entries(keys))

/** Returns new pools, removed ones, changed settings, and a changed order: the simple API uses the first pool. */
export function poolChanges(before: readonly Pool[], after: readonly Pool[]): SettingChange[] {
  const earlier = new Map(before.map((pool) => [pool.name, pool]))
  const later = new Map(after.map((pool) => [pool.name, pool]))
  const changes = after.flatMap((pool): SettingChange[] => {
    const old = earlier.get(pool.name)
    return old ? settingChanges(old, pool) : [{ path: pathOf(pool), before: null, after: describe(pool) }]
  })
  const removed = before
    .filter(({ name }) => !later.has(name))
    .map((pool) => ({ path: pathOf(pool), before: describe(pool), after: null }))
  return [...changes, ...removed, ...orderChange(before, after)]
}

function settingChanges(old: Pool, pool: Pool): SettingChange[] {
  return WRITTEN.flatMap(([key, written]) => {
    const [previous, next] = [written(old), written(pool)]
    if (previous === next) return []
    return [{ path: `${pathOf(pool)}.${key}`, before: textOf(previous), after: textOf(next) }]
  })
}

function orderChange(before: readonly Pool[], after: readonly Pool[]): SettingChange[] {
  const previous = before[0]?.name ?? ''
  const next = after[0]?.name ?? ''
  return previous === next ? [] : [{ path: 'pools', before: `${previous} is the first`, after: `${next} is the first` }]
}

function pathOf({ name }: Pool): string {
  return `pools.${name}`
}

function describe({ size, image }: Pool): string {
  return `${counted(size, 'container')} of ${image}`
}

function textOf(value: ReturnType<Written>): string | null {
  return value === null ? null : String(value)
}

/** Returns a size as in berth.yml: 536870912 -> "512m". */
function formatBytes(bytes: number): string {
  return bytes % MIB === 0 ? `${bytes / MIB}m` : `${bytes}b`
}

/** Returns ports as in berth.yml: [2221, 2222, 2223, 2230] -> "2221-2223,2230". */
function formatPorts(ports: readonly number[]): string {
  const ranges: [first: number, last: number][] = []
  for (const port of ports) {
    const latest = ranges.at(-1)
    if (latest && port === latest[1] + 1) latest[1] = port
    else ranges.push([port, port])
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',')
}
