/**
 * Snapshots of a SQLite database that cost next to nothing while nothing changes, and little when little does. Triggers of
 * this connection note the keys of every row that it changes, whichever verb does it; what was rolled back is noted
 * too, and found to be as it was. SQLite itself says whether another connection has committed anything: which may be
 * another manager, or somebody by hand.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Snapshot } from '../core/store.ts'
import { ReadModel, type Rows, type Snapshots } from './snapshots.ts'
import { toContainer, toReservation } from './rows.ts'
import { translate } from './sqlite-errors.ts'
import type { ContainersTable, HoldsTable, ReservationsTable } from './tables.ts'

/** Changed rows from which on it takes less to read all of them. */
const MANY = 500

/** Key of a table's rows in what is noted: a hold is part of its reservation. */
const WATCHED = { containers: 'name', reservations: 'id', holds: 'reservation_id', pool_sizes: 'pool' } as const

export function openSnapshots(database: DatabaseSync): Snapshots {
  const model = new ReadModel()
  const changed = watch(database)
  const read = prepareReads(database)
  /** The `data_version` that the model is of; null when it is of none. */
  let version: number | null = null

  /** Whether the model is what the database holds, which has this `data_version`. */
  function isOf(current: number): boolean {
    const { containers, reservations, sizes } = changed
    return current === version && containers.size + reservations.size + sizes.size === 0
  }

  function refresh(): Snapshot {
    // A transaction sees the moment of its first look at a table, and what is asked before that may be of another one.
    read.look()
    const current = read.version()
    if (isOf(current)) return model.snapshot
    const { containers, reservations, sizes } = changed
    const everything = current !== version || containers.size + reservations.size > MANY
    version = null
    if (everything) model.replace(read.all())
    else model.change(changed, read.some(changed))
    for (const keys of [containers, reservations, sizes]) keys.clear()
    version = current
    return model.snapshot
  }

  return {
    now: () =>
      translating(() => {
        if (database.isTransaction) return null
        if (isOf(read.version())) return model.snapshot
        // Several statements see one moment only in a transaction.
        read.begin()
        try {
          return refresh()
        } finally {
          read.end()
        }
      }),
    within: () => translating(refresh),
  }
}

interface Noted {
  readonly containers: Set<string>
  readonly reservations: Set<string>
  readonly sizes: Set<string>
}

/** Gives the keys of all that was changed since they were last cleared. */
function watch(database: DatabaseSync): Noted {
  const noted: Noted = { containers: new Set(), reservations: new Set(), sizes: new Set() }
  const setOf = {
    ...{ containers: noted.containers, reservations: noted.reservations, holds: noted.reservations },
    pool_sizes: noted.sizes,
  }
  for (const [table, key] of Object.entries(WATCHED)) {
    const note = `note_${table}`
    const keys = setOf[table as keyof typeof setOf]
    // Also from within a trigger: what is noted cannot be rolled back, and need not be.
    database.function(note, (value) => {
      keys.add(String(value))
      return null
    })
    for (const [event, rows] of [
      ['insert', `${note}(new.${key})`],
      ['update', `${note}(old.${key}), ${note}(new.${key})`],
      ['delete', `${note}(old.${key})`],
    ]) {
      database.exec(`create temp trigger ${note}_${event} after ${event} on main.${table} begin select ${rows}; end`)
    }
  }
  // Without this, a row that makes room for another one by "insert or replace" would go unnoticed.
  database.exec('pragma recursive_triggers = on')
  return noted
}

function prepareReads(database: DatabaseSync) {
  const prepare = (sql: string) => database.prepare(sql)
  const many = <T>(statement: StatementSync, ...keys: string[]) => statement.all(...keys) as unknown as T[]
  const begin = prepare('begin deferred')
  const end = prepare('commit')
  const look = prepare('select 1 from pool_sizes')
  const version = prepare('pragma data_version')
  const open = "state != 'ended'"
  const container = prepare('select * from containers where name = ?')
  const containers = prepare('select * from containers')
  const reservation = prepare(`select * from reservations where id = ? and ${open}`)
  const reservations = prepare(`select * from reservations where ${open} order by created_at, id`)
  const holdsOf = prepare('select * from holds where reservation_id = ?')
  const holds = prepare(`select * from holds where reservation_id in (select id from reservations where ${open})`)
  const sizes = prepare('select * from pool_sizes')

  const readSizes = () => new Map(many<{ pool: string; size: number }>(sizes).map(({ pool, size }) => [pool, size]))

  return {
    begin: () => void begin.run(),
    end: () => void (database.isTransaction && end.run()),
    look: () => void look.get(),
    version: () => (version.get() as { data_version: number }).data_version,
    all(): Rows {
      const byReservation = Map.groupBy(many<HoldsTable>(holds), (row) => row.reservation_id)
      return {
        containers: many<ContainersTable>(containers).map(toContainer),
        reservations: many<ReservationsTable>(reservations).map((row) =>
          toReservation(row, byReservation.get(row.id) ?? []),
        ),
        sizes: readSizes(),
      }
    },
    some(noted: Noted): Rows {
      return {
        containers: [...noted.containers].flatMap((name) => many<ContainersTable>(container, name)).map(toContainer),
        reservations: [...noted.reservations].flatMap((id) =>
          many<ReservationsTable>(reservation, id).map((row) => toReservation(row, many<HoldsTable>(holdsOf, id))),
        ),
        sizes: readSizes(),
      }
    },
  }
}

function translating<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw translate(error)
  }
}
