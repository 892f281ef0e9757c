/**
 * Prints what Ansible has to create (ansible/tasks/ask-manager.yml). Separate from `main.ts`, so that it starts in a
 * fraction of a second.
 */
import { randomUUID } from 'node:crypto'
import { type Config, loadConfig } from './config/config.ts'
import { systemClock } from './ports/clock.ts'
import type { Database } from './ports/database.ts'
import type { DatabaseMark } from './domain/database-mark.ts'
import { createPools } from './domain/pools.ts'
import { openEngine, provisioningOf } from './engine/open-engine.ts'
import { assertDiskLimits } from './engine/disk-limits.ts'
import { printAndExit } from './banner.ts'
import { databaseOf } from './store/open-store.ts'

/** Option of a run that creates things: the database, whose identity they bear, is created as well. */
const MAKES = '--makes'

/** Returns an identity that no container bears if there is no database and none must be created. */
async function markFor(database: Database, makes: boolean): Promise<DatabaseMark> {
  if (!makes && !(await database.exists())) return { id: randomUUID(), origin: database.name, file: '', since: 0 }
  const store = await database.open()
  try {
    return database.mark(await store.databaseId(), systemClock())
  } finally {
    await store.close()
  }
}

async function assertLimits(config: Config, mark: DatabaseMark): Promise<void> {
  if (config.pools.every(({ disk }) => disk === null)) return
  const engine = await openEngine(config, createPools(config.pools), mark, systemClock)
  try {
    await assertDiskLimits(engine, config)
  } finally {
    await engine.close()
  }
}

if (import.meta.main) {
  try {
    const config = loadConfig()
    const mark = await markFor(databaseOf(config), process.argv.includes(MAKES))
    await assertLimits(config, mark)
    const answer = await provisioningOf(config, mark)
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
  } catch (error) {
    printAndExit(error)
  }
}
