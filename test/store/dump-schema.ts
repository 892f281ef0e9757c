/** The schema of a fresh database, as text. `node test/store/dump-schema.ts > src/store/schema.sql` commits to it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqlite } from '../../src/store/sqlite/open.ts'

export async function dumpSchema(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-schema-'))
  try {
    const file = join(folder, 'fresh.db')
    const store = await openSqlite(file)
    await store.close()
    return readSchema(file)
  } finally {
    await rm(folder, { recursive: true })
  }
}

export function readSchema(file: string): string {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const rows = database.prepare('select sql from sqlite_schema where sql is not null order by tbl_name, rowid').all()
    return rows.map(({ sql }) => `${onePerLine(String(sql))};\n`).join('\n')
  } finally {
    database.close()
  }
}

/** A column, or a constraint, on each line, so that a difference is seen where it is. */
function onePerLine(sql: string): string {
  return sql.replaceAll(/(\(|, )(?="\w+" (?:text|integer|bigint|varchar)|constraint )/g, (_, before: string) => {
    return `${before.trimEnd()}\n  `
  })
}

if (import.meta.main) process.stdout.write(await dumpSchema())
