/** Several managers on one database and one engine: of concurrent requests, no two get the same container. */
import { join } from 'node:path'
import { before, it } from 'node:test'
import { ask } from '../support/world/replay.ts'
import { openRivals } from '../support/world/rivals.ts'

const rivals = await openRivals({}, (folder) => {
  const file = join(folder, 'containers.db')
  return async <T>(sql: string) => ask<T>(file, sql)
})

before(() => rivals.start())

it('Of concurrent requests to several managers, each container goes to one, and its holder can log in', (t) =>
  rivals.assertOneHolder(t))

it('A manager that is killed under load takes nothing from holders whom the other managers have answered', (t) =>
  rivals.assertOneHolderAfterKill(t))
