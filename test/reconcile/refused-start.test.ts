/** An engine that runs a container and then refuses it: the container is not lent, however often it is looked at. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { BerthError } from '../../src/domain/errors.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld } from '../../lab/world.ts'

it('a container that runs, but must not run like this, never becomes ready', async () => {
  let isRefused = true
  const error = new BerthError('engine_failed', 'it has no user namespace of its own')
  const engine = (verb: string) => (isRefused && verb === 'start' ? { when: 'after' as const, error } : null)
  const world = await createWorld({ pools: [pool({ size: 1 })], faults: { engine } })
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    await world.settle()
    const { state, error: shown } = (await world.store.container('p-1')) ?? {}
    assert.match(state ?? '', /creating|broken/, `attempt ${attempt}`)
    assert.match(shown ?? '', /no user namespace/)
    world.advance(60_000)
  }
  isRefused = false
  await world.settle()
  assert.equal((await world.store.container('p-1'))?.state, 'ready')
})
