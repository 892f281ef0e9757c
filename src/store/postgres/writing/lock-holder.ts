/** Names the transaction that writers wait for, because they can only continue when it ends. */
import type pg from 'pg'
import { DatabaseLocked } from '../../../domain/errors.ts'
import { APPLICATION_NAME } from '../connections.ts'
import { WRITE_LOCK } from './write-lock.ts'

/** SQLSTATE of a statement that has waited for `lock_timeout`. */
export const LOCK_NOT_AVAILABLE = '55P03'

/** pg_locks shows the two halves of the key. */
const HOLDS_WRITE_LOCK = `locktype = 'advisory' and granted and objsubid = 1
  and database = (select oid from pg_database where datname = current_database())
  and classid = ${Math.floor(WRITE_LOCK / 2 ** 32)} and objid = ${WRITE_LOCK % 2 ** 32}`

/** Follows the queue to its end: the holder of the write lock may itself wait for rows of another program. */
const BLOCKS_WRITE_LOCK = `with recursive blockers (pid, depth) as (
    select pid, 0 from pg_locks where ${HOLDS_WRITE_LOCK}
    union all
    select unnest(pg_blocking_pids(pid)), depth + 1 from blockers where depth < 5
  )
  select pid from blockers order by depth desc limit 1`

/** Selects the oldest transaction with a lock that readers do not take, except the writer, which has the write lock. */
const BLOCKS_ROWS = `select l.pid from pg_locks l join pg_class c on c.oid = l.relation
    join pg_stat_activity a on a.pid = l.pid
  where l.granted and l.mode <> 'AccessShareLock' and c.relkind = 'r'
    and c.relnamespace = current_schema()::regnamespace
    and l.pid not in (select pid from pg_locks where ${HOLDS_WRITE_LOCK})
  order by a.xact_start nulls last limit 1`

/**
 * Returns the error for a writer that has waited too long for the write lock, or for `rows` while it held that lock.
 * PostgreSQL shows the state and start of other roles' transactions only to privileged roles.
 */
export async function lockedError(cause: unknown, pool: pg.Pool, waitedFor: 'write lock' | 'rows'): Promise<Error> {
  const blocker = waitedFor === 'rows' ? BLOCKS_ROWS : BLOCKS_WRITE_LOCK
  const { rows } = await pool
    .query<Holder>(
      `select pid, application_name as name, state, xact_start as since from pg_stat_activity where pid = (${blocker})`,
    )
    .catch(() => ({ rows: [] }))
  const [holder] = rows
  const who = holder?.name === APPLICATION_NAME ? 'another manager' : 'another program'
  const reason = `${who} has locked it for too long${holder ? describe(holder) : HINT}`
  return new DatabaseLocked(`the database cannot be used: ${reason}`, cause)
}

const HINT = '; see pg_locks and pg_stat_activity'

interface Holder {
  readonly pid: number
  readonly name: string
  readonly state: string | null
  readonly since: Date | null
}

function describe({ pid, name, state, since }: Holder): string {
  const facts = [
    ...(name === '' ? [] : [`"${name}"`]),
    ...(state === null ? [] : [state]),
    ...(since === null ? [] : [`in a transaction since ${since.toISOString().slice(0, 19)}Z`]),
  ]
  const who = facts.length === 0 ? '' : ` (${facts.join(', ')})`
  const how = `end its transaction, or end the process with pg_terminate_backend(${pid})`
  return `: process ${pid} of the server${who}; ${how}`
}
