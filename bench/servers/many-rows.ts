/** A database that says there are many containers, for what must not become slow when there are. */
import { DatabaseSync } from 'node:sqlite'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { NOW } from '../../lab/rows.ts'

const HOUR = 3_600_000

/** Makes `count` containers of pool "p": the first `reserved` in reservations of their own, the rest ready. */
export async function fillDatabase(file: string, count: number, reserved: number): Promise<void> {
  await (await openSqlite(file)).close()
  const database = new DatabaseSync(file)
  try {
    database.exec('begin')
    const container = database.prepare(`
      insert into containers (name, pool, number, port, state, since, generation, engine_id, host_key, attempts, retry_at)
      values ('p-' || :n, 'p', :n, 2220 + :n, :state, :now, 1, 'engine-' || :n, 'SHA256:of-' || :n, 0, 0)`)
    const reservation = database.prepare(`
      insert into reservations (id, pool, owner, username, password_hash, ssh_keys, state, count, created_at, duration_ms,
        prepare_by, promised, active_at, expires_at, notified_end)
      values ('r' || :n, 'p', 'anyone', 'u' || :n, '$6$salt$hash', '[]', 'active', 1, :now, ${HOUR}, :now, 0, :now,
        :now + ${HOUR}, :now + ${HOUR})`)
    const hold = database.prepare(
      "insert into holds (reservation_id, container, account_generation, current) values ('r' || :n, 'p-' || :n, 1, 1)",
    )
    for (let n = 1; n <= count; n += 1) {
      container.run({ n, now: NOW, state: n <= reserved ? 'reserved' : 'ready' })
      if (n > reserved) continue
      reservation.run({ n, now: NOW })
      hold.run({ n })
    }
    database.exec('commit')
  } finally {
    database.close()
  }
}
