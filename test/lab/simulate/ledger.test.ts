/** The check at the end of a simulation finds each kind of broken promise. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Ledger } from '../../../lab/simulate/ledger.ts'
import { claimOf } from '../../../lab/claims.ts'
import { NOW } from '../../../lab/rows.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'

const SEEN = {
  id: 'r1',
  state: 'active',
  expires_at: null,
  keepalive_until: null,
  containers: [{ name: 'p-1', generation: 1 }],
}

async function check(ledger: Ledger, now = NOW): Promise<string[]> {
  const store = await openSqlite(':memory:')
  try {
    await store.addContainers([{ pool: 'p', number: 1, port: 2_221 }], NOW)
    const row = await store.container('p-1')
    assert.ok(row)
    await store.updateContainer(row, { state: 'ready', generation: 1 }, NOW)
    await store.claim(claimOf({ id: 'r1' }), NOW)
    await store.activate('r1', NOW)
    return await ledger.check(store, now)
  } finally {
    await store.close()
  }
}

describe('the ledger of a simulation', () => {
  it('finds nothing where all is well', async () => {
    const ledger = new Ledger()
    ledger.saw(SEEN)
    assert.deepEqual(await check(ledger), [])
  })

  it('finds a generation that was lent twice', async () => {
    const ledger = new Ledger()
    ledger.saw(SEEN)
    ledger.saw({ ...SEEN, id: 'r2' })
    assert.deepEqual(await check(ledger), ['p-1 1 was lent to r1 and to r2', 'r2 was answered and is lost'])
  })

  it('finds a release that was answered and not done', async () => {
    const ledger = new Ledger()
    ledger.saw(SEEN)
    ledger.released('r1')
    assert.deepEqual(await check(ledger), ['r1 was released and is active'])
  })

  it('finds an end that did not come', async () => {
    assert.deepEqual(await check(new Ledger(), NOW + 302_000), ['r1 ended 2000 ms late'])
  })
})
