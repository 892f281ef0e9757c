/** The dashboard reads the details of events as the manager writes them. */
import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { NOW } from '../../lab/rows.ts'
import type { BerthEvent, EventKind } from '../../src/domain/event.ts'
import { ANONYMOUS, BERTH } from '../../src/domain/identity.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { ANYONE, MANAGER } from '../../web/src/words/callers.ts'
import { endIn, outcomeIn, substitutionIn } from '../../web/src/words/event-details.ts'
import { claimed, fill, MINUTE } from '../contracts/store-bench.ts'

const store = await openSqlite(':memory:')
after(() => store.close())
await fill(store, 6)

/** Returns the details of the events of a kind and a reservation. */
async function detailsOf(kind: EventKind, reservation: string): Promise<(string | null)[]> {
  const events: BerthEvent[] = await store.events({ after: 0, limit: 1_000, kind, reservation })
  return events.map(({ detail }) => detail)
}

describe('the details of events', () => {
  it('name the end of an extension and of a hold', async () => {
    await claimed(store)
    const end = (await store.activate('r1', NOW))?.expiresAt ?? 0
    await store.extend('r1', end, end + MINUTE, 'ada', NOW)
    await store.putOnHold('r1', { from: end + MINUTE, to: end + 2 * MINUTE, mostContainers: 2 }, 'ada', NOW)
    deepEqual((await detailsOf('reservation.extended', 'r1')).map(endIn), [end + MINUTE])
    deepEqual((await detailsOf('reservation.held', 'r1')).map(endIn), [end + 2 * MINUTE])
  })

  for (const outcome of ['released', 'expired', 'abandoned'] as const) {
    it(`name the outcome ${outcome}`, async () => {
      await claimed(store, { id: outcome })
      await store.activate(outcome, NOW)
      await store.end([outcome], { outcome, by: 'ada' }, NOW)
      await store.finish(outcome, NOW)
      const details = [
        ...(await detailsOf('reservation.ending', outcome)),
        ...(await detailsOf('reservation.ended', outcome)),
      ]
      deepEqual(details.map(outcomeIn), [outcome, outcome])
    })
  }

  it('name the containers of a substitution', async () => {
    const { containers } = await claimed(store, { id: 'swapped' })
    const from = containers[0]?.name ?? ''
    const swapped = await store.substitute('swapped', from, 'no sshd: EIO', NOW)
    const to = swapped?.name
    notEqual(to, undefined)
    deepEqual((await detailsOf('reservation.substituted', 'swapped')).map(substitutionIn), [
      { from, to, reason: 'no sshd: EIO' },
    ])
  })

  it('have the names of the manager and of callers without authentication', () => {
    deepEqual([MANAGER, ANYONE], [BERTH, ANONYMOUS.name])
  })

  it('are not parsed if they have another form', () => {
    equal(endIn('a little later'), null)
    equal(outcomeIn('failed: no sshd'), null)
    equal(substitutionIn('alpine-1 was swapped'), null)
  })
})
