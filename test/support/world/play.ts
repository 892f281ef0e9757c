/** Plays a scenario in a world of its own, with a fault at one of its steps, and checks that promises are kept. */
import assert from 'node:assert/strict'
import type { Kysely } from 'kysely'
import { pool } from '../../../lab/rows.ts'
import { createWorld, type World } from '../../../lab/world.ts'
import { ANONYMOUS } from '../../../src/domain/identity.ts'
import type { Tables } from '../../../src/store/sql/schema/tables.ts'
import { Answers } from './answers.ts'
import { assertHealthy, quiet } from './invariants.ts'
import type { Scenario } from './scenarios.ts'
import { countSteps } from './steps.ts'

const MINUTE = 60_000
const DAY = 86_400_000

/**
 * Runs the scenario once, with a fault or without, and compares the outcome with what was promised. Returns the steps
 * that were taken. `db` is a fresh database in place of one of SQLite in memory.
 */
export async function play(
  scenario: Scenario,
  strike: Parameters<typeof countSteps>[0],
  db?: Kysely<Tables>,
): Promise<readonly string[]> {
  const { pools = [pool()], laterPools = pools } = scenario
  const steps = countSteps(strike)
  const world = await createWorld({ pools, around: steps.around, ...(db && { db }) })
  const answers = new Answers(world)
  if (!scenario.empty) await world.settle()
  await scenario.given?.(world, answers)
  if (laterPools !== pools) await world.restart(laterPools)
  steps.begin()
  await Promise.race([carryOut(scenario, world, answers), steps.death])
  steps.end()
  // A killed manager is replaced by another one; in all other cases the manager goes on.
  if (strike?.how.startsWith('killed')) await world.restart(laterPools)
  await afterwards(world, answers)
  await world.store.close()
  return steps.taken
}

async function carryOut(scenario: Scenario, world: World, answers: Answers): Promise<void> {
  await scenario.when?.(world, answers)
  // As in the loop: a tick that failed is followed by another.
  await world.settle().catch(() => world.settle())
}

async function afterwards(world: World, answers: Answers): Promise<void> {
  await quiet(world)
  for (const { name } of (await world.store.snapshot()).containers) {
    await world.admin.endQuarantine(name, ANONYMOUS).catch(() => undefined)
  }
  await world.admin.resize('p', null, ANONYMOUS)
  await world.settle()
  await answers.assertKept()
  await assertHealthy(world)
  for (const ms of [11 * MINUTE, 11 * MINUTE, 11 * MINUTE, DAY]) {
    world.advance(ms)
    await world.settle()
    await answers.assertKept()
  }
  await answers.assertServed()
  await assertHealthy(world)
  assert.deepEqual(world.logins(), [])
  assert.deepEqual((await world.store.snapshot()).reservations, [], 'a reservation never ends')
}
