/** A process that claims one container after another until there are no more, for tests of several at once. */
import { once } from 'node:events'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { NOW } from '../../lab/rows.ts'
import { claimOf } from '../../lab/claims.ts'

const [file = '', name = ''] = process.argv.slice(2)
const store = await openSqlite(file)
process.send?.('open')
await once(process, 'message')
const won: string[] = []
for (let nth = 1; ; nth += 1) {
  const answer = await store.claim(claimOf({ id: `${name}-${nth}` }), NOW)
  if (answer.kind !== 'claimed') break
  won.push(...answer.result.containers.map((container) => container.name))
}
await store.close()
process.send?.(won)
process.disconnect()
