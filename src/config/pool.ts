/** `pools.NAME` of berth.yml. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { CLUSTER } from './cluster/cluster.ts'
import { readHold } from './hold.ts'
import type { SettingsReader } from './reader.ts'
import * as value from './values.ts'
import { clusterSettings } from '../domain/cluster/settings.ts'
import { REACHES } from '../domain/container.ts'
import { BOX_IMAGE, type Pool } from '../domain/pool.ts'
import { counted } from '../domain/text/counted.ts'

const MINUTE_MS = 60_000
const MIB = 2 ** 20
/** Prefix of the names of firewall containers. Containers of the default instance have just POOL-N. */
const FIREWALL_PREFIX = 'berth-guard-'
/** Docker's own default. */
const DEFAULT_SHM_BYTES = 64 * MIB

const POOL = {
  size: { parse: value.whole(0, 10_000) },
  image: { parse: value.imageName, default: BOX_IMAGE },
  ssh_ports: { parse: value.ports },
  // In MiB. sshd, a shell and Ansible's python3 need as much; Docker itself accepts less.
  memory: { parse: value.bytes(32), default: '512m' },
  shm: { parse: value.bytes(1), default: `${DEFAULT_SHM_BYTES / MIB}m` },
  // In MiB. Leaves room for logs and for packages that a tenant installs.
  disk: { parse: value.bytes(64), default: undefined },
  cpus: { parse: value.cores, default: 1 },
  pids: { parse: value.whole(16, 100_000), default: 256 },
  sudo: { parse: value.flag, default: true },
  reach: { parse: value.oneOf(...REACHES), default: 'internet' },
  reach_peers: { parse: value.flag, default: true },
  runtime: { parse: value.text, default: undefined },
  prepare: { parse: value.text, default: undefined },
  prepare_image: { parse: value.flag, default: false },
  self_service: { parse: value.flag, default: true },
  ...CLUSTER,
} as const

const DURATION = {
  default: { parse: value.span, default: '60m' },
  max: { parse: value.span, default: '24h' },
} as const

export interface PoolContext {
  /** Relative paths start from here. */
  readonly folder: string
  /** The setting that uses a port, by port. Every pool adds its own. */
  readonly owners: Map<number, string>
}

interface PoolSizes {
  readonly shm?: number | undefined
  readonly memory?: number | undefined
}

/** Reads a pool. Reports problems, and returns null if there are any. */
export function readPool(
  reader: SettingsReader,
  name: string,
  content: unknown,
  { folder, owners }: PoolContext,
): Pool | null {
  const path = ['pools', name]
  try {
    value.slug(name)
  } catch {
    reader.report(path, 'the name must consist of a-z, 0-9 and "-", and begin with a letter')
  }
  if (name.startsWith(FIREWALL_PREFIX)) {
    reader.report(path, `the name must not begin with "${FIREWALL_PREFIX}": containers of the firewall have such names`)
  }
  const { raw, all: fields, some } = reader.map(content, path, POOL, ['duration', 'hold'])
  const { all: duration, some: span } = reader.map(raw['duration'], [...path, 'duration'], DURATION)
  if (span.default !== undefined && span.default < MINUTE_MS) {
    reader.report([...path, 'duration', 'default'], 'must be at least 1m')
  }
  if (duration && duration.max < duration.default) {
    reader.report([...path, 'duration', 'max'], 'must not be shorter than the default')
  }
  if (some.ssh_ports && some.size !== undefined && some.ssh_ports.length < some.size) {
    const mismatch = `${counted(some.ssh_ports.length, 'port')} for ${counted(some.size, 'container')}`
    reader.report([...path, 'ssh_ports'], `${mismatch}: widen the range or lower size`)
  }
  const hold = readHold(reader, raw['hold'], [...path, 'hold'])
  checkShm(reader, path, some)
  takePorts(reader, path, some.ssh_ports ?? [], owners)
  const prepare = some.prepare ? resolve(folder, some.prepare) : null
  if (prepare !== null && !existsSync(prepare)) reader.report([...path, 'prepare'], `${prepare} does not exist`)
  if (some.prepare_image && prepare === null) {
    reader.report(
      [...path, 'prepare_image'],
      'needs prepare, the playbook that makes the image: name one, or remove it',
    )
  }
  if (!fields || !duration) return null
  const { nodes, tolerations, userns, ...own } = fields
  const { ssh_ports: ports, reach_peers: reachPeers, self_service: selfService, prepare_image, ...rest } = own
  const cluster = clusterSettings({ nodes, tolerations, userns })
  const preparedImage = prepare_image ? 'awaited' : null
  const runtime = some.runtime ?? null
  const disk = some.disk ?? null
  const common = { ...rest, ...cluster, disk, runtime }
  return { ...common, name, ports, reachPeers, duration, hold, selfService, prepare, preparedImage }
}

/**
 * Reports a /dev/shm larger than the memory, of which it is a part. A pool may have less memory than the default of
 * `shm`.
 */
function checkShm(reader: SettingsReader, path: readonly string[], { shm = 0, memory = shm }: PoolSizes): void {
  if (shm <= Math.max(memory, DEFAULT_SHM_BYTES)) return
  const [actual, limit] = [shm, memory].map((size) => `${Math.floor(size / MIB)}m`)
  const message = `must be at most ${limit}, the pool's memory, of which it is a part, got ${actual}; raise memory`
  reader.report([...path, 'shm'], message)
}

function takePorts(
  reader: SettingsReader,
  path: readonly string[],
  ports: readonly number[],
  owners: Map<number, string>,
): void {
  for (const [owner, taken] of Map.groupBy(ports, (port) => owners.get(port))) {
    if (owner !== undefined) reader.report([...path, 'ssh_ports'], `used by ${owner}: ${taken.join(', ')}`)
  }
  for (const port of ports) if (!owners.has(port)) owners.set(port, path.join('.'))
}
