/** A manager that goes on from a copy of the database that was made at any moment. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import fc from 'fast-check'
import { examine, type Finding } from '../../src/core/doctor.ts'
import { ANYONE } from '../../src/core/identity.ts'
import { portOf, specOf } from '../../src/core/pool.ts'
import { isActive } from '../../src/core/reservation.ts'
import { specDigest } from '../../src/engine/labels.ts'
import { openMemory } from '../../src/engine/memory/engine.ts'
import { backupSqlite } from '../../src/store/sqlite-backup.ts'
import { effort, tried } from '../support/proof.ts'
import { pool } from '../support/rows.ts'
import { createWorld, type World } from '../support/world.ts'

const POOL = pool({ size: 5 })
const MINUTE = 60_000
const SITE = { instance: 'test', bind: '127.0.0.1' }

type Step =
  | { do: 'reserve'; count: number; minutes: number; waits: boolean }
  | { do: 'release'; nth: number }
  | { do: 'wait'; seconds: number }
  | { do: 'damage'; number: number }
  | { do: 'tick' | 'settle' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      count: fc.integer({ min: 1, max: 3 }),
      minutes: fc.integer({ min: 2, max: 30 }),
      waits: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('release' as const), nth: fc.nat(6) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 120 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('damage' as const), number: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('tick' as const, 'settle' as const) }) },
)
const history = fc.array(step, { minLength: 1, maxLength: 15 })

const folder = mkdtempSync(join(tmpdir(), 'berth-backup-'))
after(() => rmSync(folder, { recursive: true }))

/** Whoever reserves is a new user each time. */
let users = 0

async function carryOut(world: World, steps: readonly Step[]): Promise<void> {
  const ids: string[] = []
  for (const next of steps) {
    if (next.do === 'reserve') {
      const { count, minutes, waits } = next
      const wanted = { pool: POOL, username: `u${++users}`, password: 'x', count, durationMs: minutes * MINUTE }
      const waiting = waits ? { waitMs: 10 * MINUTE } : {}
      const held = await world.reserving.reserve({ ...wanted, ...waiting }, ANYONE).catch(() => null)
      if (held) ids.push(held.reservation.id)
    } else if (next.do === 'release') {
      const id = ids[next.nth]
      if (id !== undefined) await world.reserving.release(id, ANYONE).catch(() => undefined)
    } else if (next.do === 'damage') {
      const container = world.host.holderOf(`p-${next.number}`)
      if (container) world.host.disturb(container.id, 'exited')
    } else if (next.do === 'wait') world.advance(next.seconds * 1_000)
    else if (next.do === 'tick') await world.reconciler.tick()
    else await world.settle().catch(() => undefined)
  }
}

/** What `berth doctor` would say. */
async function differences({ store, host, now }: World): Promise<Finding[]> {
  const snapshot = await store.snapshot()
  const observed = await openMemory({ instance: SITE.instance, host }).list()
  const digest = (number: number) =>
    specDigest(specOf(SITE, POOL, { number, port: portOf(POOL, number) ?? 0, generation: null }))
  const asked = {
    pools: [POOL],
    snapshot,
    observed,
    specDigest: (_: unknown, number: number) => digest(number),
    patience: 0,
  }
  return examine(asked, now())
}

it('A manager on a backup from any moment agrees with the engine again, keeps who was in then, and lets nobody in who came later', async (t) => {
  const runs = effort({ test: 40, prove: 500 })
  let different = 0
  let kept = 0
  let cut = 0
  await fc.assert(
    fc.asyncProperty(history, history, async (before, later) => {
      const nth = `${users}-${different}`
      const [file, copy] = [join(folder, `${nth}.db`), join(folder, `${nth}.copy.db`)]
      const first = await createWorld({ pools: [POOL], database: file })
      await first.settle()
      await carryOut(first, before)
      await backupSqlite(file, copy, first.now())
      const known = users
      await carryOut(first, later)
      await first.reconciler.idle()
      await first.store.close()

      const second = await createWorld({ pools: [POOL], database: copy, within: first })
      try {
        await second.store.forgetPreparers(second.now() + 1)
        if ((await differences(second)).length > 0) different += 1
        const strangers = second.logins().filter((login) => userOf(login) > known)
        cut += strangers.length
        // As old as what is made and not recorded has to be, so that it goes.
        for (let round = 0; round < 8; round += 1) {
          second.advance(30_000)
          first.advance(30_000)
          await second.settle()
        }
        assert.deepEqual(await differences(second), [])
        const { reservations } = await second.store.snapshot()
        const entitled = reservations
          .filter((r) => isActive(r, second.now()))
          .flatMap((r) => r.holds.map((hold) => `${r.username}@${hold.container}`))
        assert.deepEqual(second.logins(), entitled.toSorted())
        assert.ok(
          entitled.every((login) => userOf(login) <= known),
          'somebody of later is known',
        )
        kept += entitled.length
        await lendEverything(second)
      } finally {
        await second.store.close()
      }
    }),
    { numRuns: runs },
  )
  // Otherwise nothing had happened between the copy and the end, and nothing was shown.
  assert.ok(different > runs / 4, `only ${different} of ${runs} copies were out of date`)
  assert.ok(kept > 0 && cut > 0, `${kept} kept, ${cut} cut`)
  tried(t, runs, 'random histories')
  tried(t, cut, 'logins from after the backup')
})

/** What is free is really free: whoever gets it is alone in it. */
async function lendEverything(world: World): Promise<void> {
  const { containers, reservations } = await world.store.snapshot()
  // Nobody passes those who wait for more.
  for (const { id, state } of reservations) if (state === 'waiting') await world.reserving.release(id, ANYONE)
  const free = containers.filter(({ state }) => state === 'ready')
  if (free.length === 0) return
  const username = `u${++users}`
  const wanted = { pool: POOL, username, password: 'x', count: free.length, durationMs: 5 * MINUTE }
  const held = await world.reserving.reserve(wanted, ANYONE)
  for (const { name } of held.containers) {
    const inside = world.logins().filter((login) => login.endsWith(`@${name}`))
    assert.deepEqual(inside, [`${username}@${name}`])
  }
}

function userOf(login: string): number {
  return Number(/^u(\d+)@/.exec(login)?.[1])
}
