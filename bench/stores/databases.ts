/** Databases of both kinds with ready containers, for benchmarks of the store. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAt } from '../../lab/postgres/open-at.ts'
import { startPostgres } from '../../lab/postgres/server.ts'
import { NOW } from '../../lab/rows.ts'

export type Kind = 'SQLite' | 'PostgreSQL'

export interface Databases extends AsyncDisposable {
  /** Returns the file, or the URL, of a new database with this many ready containers. */
  prepare(kind: Kind, containers: number): Promise<string>
}

/** Starts a server with its default settings, so that each COMMIT waits for the disk, as with SQLite. */
export async function openDatabases(): Promise<Databases> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-bench-'))
  const server = await startPostgres()
  let files = 0
  return {
    async prepare(kind, containers) {
      const where = kind === 'SQLite' ? join(folder, `${++files}.db`) : await server.createDatabase()
      await fill(where, containers)
      return where
    },
    async [Symbol.asyncDispose]() {
      await server.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

async function fill(where: string, count: number): Promise<void> {
  const store = await openAt(where, '')
  const slots = Array.from({ length: count }, (_, index) => ({ pool: 'p', number: index + 1, port: 2_221 + index }))
  await store.addContainers(slots, NOW)
  const { containers } = await store.snapshot()
  const patch = { state: 'ready', generation: 1, hostKey: 'SHA256:key' } as const
  await Promise.all(
    containers.map((row) => store.updateContainer(row, { ...patch, engineId: `engine-${row.name}` }, NOW)),
  )
  await store.close()
}
