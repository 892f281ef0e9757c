/** Reads the audit log of a database from its beginning: who held what at each moment, and whose turn it was. */
import { DatabaseSync } from 'node:sqlite'

export interface Line {
  readonly id: number
  readonly at: number
  readonly kind: string
  readonly pool: string | null
  readonly container: string | null
  readonly reservation: string | null
  readonly detail: string | null
}

export interface Wait {
  readonly id: string
  readonly wait_until: number | null
}

interface Replayed {
  /** Everything that must never happen, in words. */
  readonly faults: string[]
  /** How often a container was given to somebody. */
  readonly given: number
  /** How many got their containers by way of the queue. */
  readonly queued: number
}

/** What SQLite answers, past the code under test. */
export function ask<T>(file: string, sql: string): T[] {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 30_000 })
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }) as T)
  } finally {
    database.close()
  }
}

/** Queries that read what `replayOf` needs. */
export const WAITS = 'select id, wait_until from reservations'
export const LINES = 'select * from events order by id'

export function replay(file: string): Replayed {
  return replayOf(ask<Wait>(file, WAITS), ask<Line>(file, LINES))
}

export function replayOf(waits: readonly Wait[], lines: readonly Line[]): Replayed {
  const waitUntil = new Map(waits.map((row) => [row.id, row.wait_until ?? Number.POSITIVE_INFINITY]))
  const holders = new Map<string, string>()
  let queue: string[] = []
  const faults: string[] = []
  let given = 0
  let queued = 0

  function getsContainers({ id, at }: Line, reservation: string): void {
    const before = queue.filter((other) => other !== reservation && (waitUntil.get(other) ?? 0) > at)
    const waited = queue.includes(reservation)
    const passed = waited ? before.filter((other) => queue.indexOf(other) < queue.indexOf(reservation)) : before
    if (passed.length > 0) faults.push(`event ${id}: ${reservation} passed ${passed.join(', ')}`)
    if (waited) queued += 1
    queue = queue.filter((other) => other !== reservation)
  }

  function free(container: string | undefined): void {
    if (container !== undefined) holders.delete(container)
  }

  for (const line of lines) {
    const { id, kind, container, reservation } = line
    if (reservation === null) continue
    if (kind === 'reservation.waiting') queue.push(reservation)
    if (kind === 'reservation.preparing') getsContainers(line, reservation)
    if (kind === 'reservation.substituted') free(/^(\S+) -> /.exec(line.detail ?? '')?.[1])
    if (kind === 'reservation.ended') {
      queue = queue.filter((other) => other !== reservation)
      for (const [held, holder] of holders) if (holder === reservation) free(held)
    }
    if (kind === 'container.reserved' && container !== null) {
      given += 1
      const holder = holders.get(container)
      if (holder !== undefined)
        faults.push(`event ${id}: ${container} is given to ${reservation}, and ${holder} holds it`)
      holders.set(container, reservation)
    }
  }
  return { faults, given, queued }
}
