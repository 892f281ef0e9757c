/** Random histories around a backup, and a manager that continues with the copy. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { examine, type Finding } from '../../../src/reconcile/findings.ts'
import { ANONYMOUS } from '../../../src/domain/identity.ts'
import { portOf, specOf } from '../../../src/domain/pool.ts'
import { isActive } from '../../../src/domain/reservation.ts'
import { specDigest } from '../../../src/engine/labels.ts'
import { pool } from '../../../lab/rows.ts'
import { createWorld, type World } from '../../../lab/world.ts'

const POOL = pool({ size: 5 })
const MINUTE = 60_000
const INSTANCE = { name: 'test', bind: '127.0.0.1' }

export type Step =
  | { do: 'reserve'; count: number; minutes: number; waits: boolean }
  | { do: 'release'; nth: number }
  | { do: 'wait'; seconds: number }
  | { do: 'damage' | 'reset'; number: number }
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
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('damage' as const, 'reset' as const),
      number: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('tick' as const, 'settle' as const) }) },
)
export const history = fc.array(step, { minLength: 1, maxLength: 15 })

/** Number of users so far: each reservation has a new one. */
let users = 0

async function carryOut(world: World, steps: readonly Step[]): Promise<void> {
  const ids: string[] = []
  for (const next of steps) {
    if (next.do === 'reserve') {
      const { count, minutes, waits } = next
      const wanted = { pool: POOL, username: `u${++users}`, password: 'x', count, durationMs: minutes * MINUTE }
      const waiting = waits ? { waitMs: 10 * MINUTE } : {}
      const held = await world.reservations.reserve({ ...wanted, ...waiting }, ANONYMOUS).catch(() => null)
      if (held) ids.push(held.reservation.id)
    } else if (next.do === 'release') {
      const id = ids[next.nth]
      if (id !== undefined) await world.reservations.release(id, ANONYMOUS).catch(() => undefined)
    } else if (next.do === 'damage') {
      const container = world.host.holderOf(`p-${next.number}`)
      if (container) world.host.disturb(container.id, 'exited')
    } else if (next.do === 'reset') {
      await world.reservations.reset(`p-${next.number}`, ANONYMOUS).catch(() => undefined)
    } else if (next.do === 'wait') world.advance(next.seconds * 1_000)
    else if (next.do === 'tick') await world.reconciler.tick()
    else await world.settle().catch(() => undefined)
  }
}

/** What `berth doctor` would say. */
async function differences(world: World): Promise<Finding[]> {
  const { store, now } = world
  const snapshot = await store.snapshot()
  const observed = await world.list()
  const digest = (number: number) =>
    specDigest(specOf(INSTANCE, POOL, { number, port: portOf(POOL, number) ?? 0, generation: null }))
  const asked = {
    pools: [POOL],
    snapshot,
    observed,
    unreachable: new Set<string>(),
    ownership: await world.ownershipOf(observed),
    specDigest: (_: unknown, number: number) => digest(number),
    patienceMs: 0,
  }
  return examine(asked, now())
}

/** Facts about a copy with which a manager has continued. */
export interface Restored {
  /** Whether the engine had changed since the copy. */
  readonly isOutdated: boolean
  /** Logins from after the copy, which were left alone. */
  readonly left: number
  /** Logins that a reservation in the copy allows. */
  readonly kept: number
}

/**
 * Copies a database after `before`, continues it with `later`, and starts a manager on the copy. Asserts that it
 * reconciles the copy with the engine. `open` opens the first database and then the copy, which `copy` makes.
 */
export async function goOnWithCopy(
  { before, later }: { readonly before: readonly Step[]; readonly later: readonly Step[] },
  open: (
    which: 'original' | 'copy',
  ) => Promise<Pick<NonNullable<Parameters<typeof createWorld>[0]>, 'database' | 'db'>>,
  copy: () => Promise<void>,
): Promise<Restored> {
  const first = await createWorld({ pools: [POOL], ...(await open('original')) })
  await first.settle()
  await carryOut(first, before)
  await copy()
  const known = users
  await carryOut(first, later)
  await first.reconciler.idle()
  await first.store.close()

  const second = await createWorld({ pools: [POOL], ...(await open('copy')), within: first })
  try {
    await second.store.registerManager()
    const isOutdated = (await differences(second)).length > 0
    const strangers = second.logins().filter((login) => userOf(login) > known)
    // Orphans are removed only at this age.
    for (let round = 0; round < 8; round += 1) {
      second.advance(30_000)
      first.advance(30_000)
      await second.settle()
    }
    const findings = await differences(second)
    assert.deepEqual(
      findings.filter(({ kind }) => kind !== 'foreign'),
      [],
    )
    const foreign = new Set(findings.map(({ container }) => container))
    const { reservations } = await second.store.snapshot()
    const entitled = reservations
      .filter((r) => isActive(r, second.now()))
      .flatMap((r) => r.holds.map((hold) => `${r.username}@${hold.container}`))
      .filter((login) => !foreign.has(placeOf(login)))
    // Tenants who came later are left alone, in slots that serve nothing.
    assert.deepEqual(
      second.logins().filter((login) => !foreign.has(placeOf(login))),
      entitled.toSorted(),
    )
    assert.ok(strangers.every((login) => foreign.has(placeOf(login)) && second.logins().includes(login)))
    await lendEverything(second)
    return { isOutdated, left: strangers.length, kept: entitled.length }
  } finally {
    await second.store.close()
  }
}

/** Free containers are really free: their next tenant is alone in them. */
async function lendEverything(world: World): Promise<void> {
  const { containers, reservations } = await world.store.snapshot()
  // Reservations that wait for more containers would come first.
  for (const { id, state } of reservations) if (state === 'waiting') await world.reservations.release(id, ANONYMOUS)
  const free = containers.filter(({ state }) => state === 'ready')
  if (free.length === 0) return
  const username = `u${++users}`
  const wanted = { pool: POOL, username, password: 'x', count: free.length, durationMs: 5 * MINUTE }
  const held = await world.reservations.reserve(wanted, ANONYMOUS)
  for (const { name } of held.containers) {
    const inside = world.logins().filter((login) => login.endsWith(`@${name}`))
    assert.deepEqual(inside, [`${username}@${name}`])
  }
}

function placeOf(login: string): string {
  return login.split('@')[1] ?? ''
}

function userOf(login: string): number {
  return Number(/^u(\d+)@/.exec(login)?.[1])
}
