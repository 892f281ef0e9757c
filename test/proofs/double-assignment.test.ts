/** Several managers on one database and one engine: of concurrent requests, no two get the same container. */
import { join } from 'node:path'
import { before, it } from 'node:test'
import { ask } from '../support/world/replay.ts'
import { prepareContention } from '../support/world/contention.ts'

const contention = await prepareContention({}, (folder) => {
  const file = join(folder, 'containers.db')
  return async <T>(sql: string) => ask<T>(file, sql)
})

before(() => contention.start())

it('Of concurrent requests to several managers, each container goes to one, and its holder can log in', (t) =>
  contention.assertOneHolder(t))

it('A manager that is killed under load takes nothing from holders whom the other managers have answered', (t) =>
  contention.assertOneHolderAfterKill(t))
