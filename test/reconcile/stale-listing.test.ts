/** A listing that is older than the rows, as a cluster may answer: nothing is destroyed or replaced because of it. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import type { EngineListing } from '../../src/ports/engine.ts'
import type { FaultRule } from '../../lab/faulty.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld } from '../../lab/world.ts'

const POOL = pool({ size: 3 })

/** Alice holds the first of three containers. `stale` makes the engine serve that listing from then on. */
async function world() {
  let stale: EngineListing | null = null
  const engine: FaultRule = (verb) => (verb === 'list' && stale ? { when: 'instead', answer: stale } : null)
  const made = await createWorld({ pools: [POOL], faults: { engine } })
  await made.settle()
  await made.reservations.reserve(
    { pool: POOL, username: 'alice', password: 'test', count: 1, durationMs: 60_000 },
    ANONYMOUS,
  )
  await made.settle()
  return { made, serve: (listing: EngineListing) => (stale = listing) }
}

const STATES = ['p-1 reserved 1', 'p-2 ready 1', 'p-3 ready 1']
const EMPTY: EngineListing = { observed: [], unreachable: [], peerNetworks: [] }

it('a listing from before the containers were made destroys none, and makes none twice', async () => {
  const { made, serve } = await world()
  const before = await made.list()
  serve(EMPTY)
  for (let tick = 0; tick < 3; tick += 1) {
    made.advance(5_000)
    await made.settle()
    assert.deepEqual(await made.states(), STATES)
  }
  assert.deepEqual(await made.list(), before)
  assert.deepEqual(made.logins(), ['alice@p-1'])
})

it('a listing from before they were started destroys none', async () => {
  const { made, serve } = await world()
  const before = await made.list()
  serve({ ...EMPTY, observed: before.map((each) => ({ ...each, state: 'created' as const, port: null })) })
  made.advance(5_000)
  await made.settle()
  assert.deepEqual(await made.states(), STATES)
  assert.deepEqual(await made.list(), before)
})

it('a restarted manager that gets such a listing destroys none', async () => {
  const { made, serve } = await world()
  const before = await made.list()
  serve(EMPTY)
  await made.restart()
  await made.settle()
  assert.deepEqual(await made.states(), STATES)
  assert.deepEqual(await made.list(), before)
})

it('a container that is gone for the listing and for the engine is replaced', async () => {
  const { made } = await world()
  const [lost] = (await made.list()).filter(({ name }) => name === 'p-2')
  made.host.delete(lost?.id ?? '')
  await made.settle()
  made.advance(1_000)
  await made.settle()
  assert.deepEqual(await made.states(), ['p-1 reserved 1', 'p-2 ready 2', 'p-3 ready 1'])
})
