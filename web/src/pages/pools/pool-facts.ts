/** The image and the limits of a pool, as names with values. */
import type { Pool } from '../../api/types.ts'
import { durationText } from '../../words/time.ts'

const REACH = { internet: 'the internet, no private networks', none: 'nothing', all: 'everything' } as const

export function poolFacts(pool: Pool): readonly (readonly [name: string, value: string | null])[] {
  const { hold } = pool
  return [
    ['Image', pool.image],
    ['System', pool.os],
    ['Runtime', pool.runtime],
    ['CPUs', String(pool.cpus)],
    ['Memory', `${bytesText(pool.memory_bytes)}, of which /dev/shm ${bytesText(pool.shm_bytes)}`],
    ['Disk', pool.disk_bytes === null ? 'no limit' : bytesText(pool.disk_bytes)],
    ['Processes', String(pool.pids)],
    ['sudo', pool.sudo ? 'yes' : 'no'],
    ['Reaches', REACH[pool.reach]],
    ['Duration', `${seconds(pool.duration_default_seconds)}, at most ${seconds(pool.duration_max_seconds)}`],
    ['Hold', hold === null ? null : `at most ${seconds(hold.max_seconds)}, ${hold.containers} containers at once`],
    ['SSH ports', String(pool.ports)],
  ]
}

function seconds(count: number): string {
  return durationText(count * 1_000)
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Returns "512 MiB", "1.5 GiB". */
export function bytesText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${UNITS[power]}`
}
