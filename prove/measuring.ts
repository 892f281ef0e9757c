/** What a manager and its engine have while they are idle: later it must be the same again. */
import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'
import { dockerLines } from '../lab/docker.ts'

const TABLES = ['containers', 'reservations', 'holds', 'requests', 'events', 'pool_sizes', 'leaders'] as const

export interface Measured {
  readonly fds: number
  /** Bytes in use after a collection. */
  readonly heap: number
  readonly rss: number
  /** Timers, sockets and whatever else Node waits for. */
  readonly resources: number
  readonly containers: number
  readonly networks: number
  /** Commands in containers that the engine has not forgotten. */
  readonly execs: number
  readonly rows: Readonly<Record<string, number>>
}

/** The most by which each may have grown; what is not here may not grow at all. */
const MAY_GROW: Readonly<Record<string, number>> = {
  // Connections to the engine are kept for the next call: how many depends on how many were ever open at once.
  fds: 10,
  resources: 10,
  heap: 4 * 2 ** 20,
  rss: Number.POSITIVE_INFINITY,
}

export async function measure(file: string, instance: string): Promise<Measured> {
  const label = `label=berth.instance=${instance}`
  const containers = await dockerLines('ps', '--all', '--quiet', '--filter', label)
  const networks = await dockerLines('network', 'ls', '--quiet', '--filter', label)
  // At full churn one may be gone by now; when nothing is under way, none is.
  const execs = await dockerLines('inspect', '--format', '{{len .ExecIDs}}', ...containers).catch(() => [])
  collect()
  return {
    // Without the one that lists them.
    fds: readdirSync('/proc/self/fd').length - 1,
    heap: process.memoryUsage().heapUsed,
    rss: process.memoryUsage().rss,
    resources: process.getActiveResourcesInfo().length,
    containers: containers.length,
    networks: networks.length,
    execs: execs.reduce((sum, count) => sum + Number(count), 0),
    rows: countRows(file),
  }
}

/** Describes what has grown by more than it may. */
export function grown(before: Measured, after: Measured): string[] {
  const flat = ({ rows, ...same }: Measured): Record<string, number> => ({ ...same, ...rows })
  const then = flat(before)
  return Object.entries(flat(after)).flatMap(([what, count]) => {
    const more = count - (then[what] ?? 0)
    return more > (MAY_GROW[what] ?? 0) ? [`${what}: ${then[what] ?? 0} before, ${count} after`] : []
  })
}

/** One line. */
export function described({ heap, rss, rows, ...same }: Measured): string {
  const counts = Object.entries({ ...same, ...rows }).map(([what, count]) => `${what} ${count}`)
  return [`heap ${megabytes(heap)}`, `rss ${megabytes(rss)}`, ...counts].join(', ')
}

/** Memory and open files of the engine's own processes, where that can be read: it serves others as well. */
export function engineProcesses(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
        if (name !== 'dockerd' && name !== 'containerd') return []
        const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
        return [`${name} rss ${megabytes(Number(kilobytes) * 1_024)} fds ${readdirSync(`/proc/${pid}/fd`).length}`]
      } catch {
        return [] // It has ended, or is not ours to look at.
      }
    })
    .join(', ')
}

export function countRows(file: string): Record<string, number> {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
  try {
    const count = (table: string) => Number(database.prepare(`select count(*) n from ${table}`).get()?.['n'])
    return Object.fromEntries(TABLES.map((table) => [`rows of ${table}`, count(table)]))
  } finally {
    database.close()
  }
}

/** Twice: what finalizers let go of is collected by the second one. */
function collect(): void {
  v8.setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  gc()
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`
}
