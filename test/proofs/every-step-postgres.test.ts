/** Scenarios on PostgreSQL with a fault at some of their steps; `every-step.test.ts` has one at each step. */
import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { effort, tried } from '../../lab/proof.ts'
import { connectTo } from '../../lab/postgres/open-at.ts'
import { startPostgres } from '../../lab/postgres/server.ts'
import { play } from '../support/world/play.ts'
import { SCENARIOS } from '../support/world/scenarios.ts'
import type { Strike } from '../support/world/steps.ts'

const WAYS: readonly Strike[] = ['killed before', 'killed after', 'unavailable', 'late', 'twice', 'slow to return']
/** Tries each nth combination of a step and a fault. */
const EVERY = effort({ test: 197, prove: 11 })

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())

it('On PostgreSQL, too, nothing that was answered is lost and nothing is left half done, whichever step is struck', async (t) => {
  let [seen, struck] = [0, 0]
  for (const scenario of SCENARIOS) {
    const steps = await play(scenario, null)
    for (const [at, step] of steps.entries()) {
      for (const how of WAYS) {
        seen += 1
        if (seen % EVERY !== 0) continue
        const where = `${scenario.name}, step ${at} (${step}) ${how}`
        const taken = await play(scenario, { at, how }, await connectTo(server)).catch((cause: unknown) => {
          throw new Error(where, { cause })
        })
        // Steps that run side by side may be fewer here: the plan is of SQLite, which answers within a turn.
        if (taken.length > at) struck += 1
      }
    }
  }
  assert.ok(struck > seen / EVERY / 2, `only ${struck} of ${seen} were struck`)
  tried(t, struck, `port calls in ${SCENARIOS.length} scenarios`)
})
