/** Each thing that a manager does, struck at each of its steps, in each way: see `test/support/world/steps.ts`. */
import assert from 'node:assert/strict'
import { before, it, type TestContext } from 'node:test'
import { effort, tried } from '../../lab/proof.ts'
import { play } from '../support/world/play.ts'
import { type Scenario, SCENARIOS } from '../support/world/scenarios.ts'
import type { Strike } from '../support/world/steps.ts'

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
