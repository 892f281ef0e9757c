/** A copy of the data of a running server, from which a replica starts. */
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import pg from 'pg'

/** Files of the primary that no copy may have. */
const NOT_COPIED = new Set(['postmaster.pid', 'postmaster.opts'])

/** Copies the data of the server at this URL to `to`, as pg_basebackup does, which the npm package does not have. */
export async function copyData(url: string, from: string, to: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query("select pg_backup_start('replica', true)")
    cpSync(from, to, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) })
    const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)')
    writeFileSync(join(to, 'backup_label'), rows[0]?.labelfile ?? '')
    // The replica fetches the missing files from the primary.
    for (const file of readdirSync(join(to, 'pg_wal'))) rmSync(join(to, 'pg_wal', file), { recursive: true })
    writeFileSync(join(to, 'standby.signal'), '')
  } finally {
    await client.end()
  }
}
