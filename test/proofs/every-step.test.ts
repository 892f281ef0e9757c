/** Each thing that a manager does, struck at each of its steps, in each way: see `test/support/world/steps.ts`. */
import assert from 'node:assert/strict'
import { before, it, type TestContext } from 'node:test'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { Answers } from '../support/world/answers.ts'
import { effort, tried } from '../../lab/proof.ts'
import { pool } from '../../lab/rows.ts'
import { type Scenario, SCENARIOS } from '../support/world/scenarios.ts'
import { assertHealthy, quiet } from '../support/world/invariants.ts'
import { countSteps, type Strike } from '../support/world/steps.ts'
import { createWorld, type World } from '../../lab/world.ts'

const MINUTE = 60_000
const DAY = 86_400_000

/** A plain test run strikes each step in some of the ways; which of them, changes from step to step. */
const EVERY = effort({ test: 5, prove: 1 })

/** What each of them does when nothing goes wrong. */
const found = new Map<Scenario, readonly string[]>()

before(async () => {
  for (const scenario of SCENARIOS) {
    const steps = await play(scenario, null)
    assert.ok(steps.length > 0, `${scenario.name}: nothing was done`)
    found.set(scenario, steps)
  }
})

/**
 * Runs the scenario once, with a fault or without, and compares the outcome with what was promised. Returns the steps
 * that were taken.
 */
async function play(scenario: Scenario, strike: Parameters<typeof countSteps>[0]): Promise<readonly string[]> {
  const { pools = [pool()], laterPools = pools } = scenario
  const steps = countSteps(strike)
  const world = await createWorld({ pools, around: steps.around })
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

/** Strikes each step of each scenario in these ways, one at a time. */
async function strikeAll(t: TestContext, ways: readonly Strike[]): Promise<void> {
  let struck = 0
  for (const [scenario, steps] of found) {
    for (const [at, step] of steps.entries()) {
      for (const [index, how] of ways.entries()) {
        if ((at + index) % EVERY !== 0) continue
        const where = `${scenario.name}, step ${at} (${step}) ${how}`
        const taken = await play(scenario, { at, how }).catch((cause: unknown) => {
          throw new Error(where, { cause })
        })
        assert.equal(taken[at], step, `${where}: it went another way before it was struck`)
        struck += 1
      }
    }
  }
  tried(t, struck, `port calls in ${found.size} scenarios`)
}

it('After a kill at any step, the next manager finishes or undoes the step: no answered reservation is lost, no container stays held', (t) =>
  strikeAll(t, ['killed before', 'killed after']))

it('Whichever step fails, nothing is left half done', (t) => strikeAll(t, ['unavailable', 'refused']))

it('A call whose answer is lost takes effect once', (t) => strikeAll(t, ['late']))

it('A call that arrives twice takes effect once', (t) => strikeAll(t, ['twice']))

it('A delayed call gives no tenant access after the end, and no reservation is forgotten', (t) =>
  strikeAll(t, ['slow to set out', 'slow to return']))
