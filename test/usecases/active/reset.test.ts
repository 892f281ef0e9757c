/** Resets: a fresh container in an active reservation. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ANONYMOUS, UNLIMITED, type Identity } from '../../../src/domain/identity.ts'
import { BerthError } from '../../../src/domain/errors.ts'
import type { FaultRule } from '../../../lab/faulty.ts'
import { backupSqlite } from '../../../src/store/sqlite/backup.ts'
import { pool } from '../../../lab/rows.ts'
import { createWorld, type World } from '../../../lab/world.ts'

const HOUR = 3_600_000
const EVE: Identity = { name: 'eve', role: 'user', limits: UNLIMITED }

async function reserved(options: Parameters<typeof createWorld>[0] = {}): Promise<{ world: World; id: string }> {
  const world = await createWorld(options)
  await world.settle()
  const request = { pool: pool(), username: 'alice', password: 'test', count: 2, durationMs: HOUR }
  const { reservation } = await world.reservations.reserve(request, ANONYMOUS)
  return { world, id: reservation.id }
}

const idOf = async (world: World, name: string) => (await world.store.container(name))?.engineId

describe('reset', () => {
  it('gives a container that ends with the reservation also after a restore from before the reset', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-reset-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const [original, copy] = [join(folder, 'original.db'), join(folder, 'copy.db')]
    const { world, id } = await reserved({ database: original })
    await backupSqlite(original, copy)
    await world.reservations.reset('p-1', ANONYMOUS)
    await world.settle()
    const restored = await createWorld({ database: copy, within: world })
    await restored.store.registerManager()
    await restored.settle()
    assert.deepEqual(restored.logins(), ['alice@p-1', 'alice@p-2'])
    await restored.reservations.release(id, ANONYMOUS)
    await restored.settle()
    assert.deepEqual(restored.logins(), [])
    assert.ok((await restored.store.snapshot()).containers.every(({ state }) => state === 'ready'))
  })

  it('replaces the container; the reservation, its account and its other containers stay', async () => {
    const { world, id } = await reserved()
    const before = await world.store.reservation(id)
    const [used, kept] = [await idOf(world, 'p-1'), await idOf(world, 'p-2')]
    const answer = await world.reservations.reset('p-1', ANONYMOUS)
    assert.deepEqual([answer.state, answer.generation, answer.engineId], ['reserved', 1, used])
    await world.settle()
    assert.equal(world.host.find(used ?? ''), undefined)
    assert.deepEqual(await world.states(), ['p-1 reserved 2', 'p-2 reserved 1', 'p-3 ready 1'])
    assert.equal(await idOf(world, 'p-2'), kept)
    assert.deepEqual(world.logins(), ['alice@p-1', 'alice@p-2'])
    const after = await world.store.reservation(id)
    assert.deepEqual({ ...after, holds: null }, { ...before, holds: null })
    assert.deepEqual(after?.holds[0], { container: 'p-1', accountGeneration: 2 })
    const row = await world.store.container('p-1')
    assert.deepEqual([row?.resetAt, row?.error, row?.attempts], [null, null, 0])
  })

  it('requested again while it is under way is one reset; afterwards it is another one', async () => {
    const { world } = await reserved()
    await world.reservations.reset('p-1', ANONYMOUS)
    await world.reservations.reset('p-1', ANONYMOUS)
    await world.settle()
    assert.equal((await world.states())[0], 'p-1 reserved 2')
    await world.reservations.reset('p-1', ANONYMOUS)
    await world.settle()
    assert.equal((await world.states())[0], 'p-1 reserved 3')
  })

  it('does not keep the used container: the end of the reservation revokes access to it', async () => {
    const { world, id } = await reserved()
    await world.reservations.reset('p-1', ANONYMOUS)
    await world.reservations.release(id, ANONYMOUS)
    assert.deepEqual(world.logins(), [])
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 2', 'p-3 ready 1'])
    assert.equal((await world.store.container('p-1'))?.resetAt, null)
  })

  for (const step of ['kill', 'remove', 'create', 'start'] as const) {
    for (const when of ['before', 'after'] as const) {
      it(`is finished by the next manager when one dies ${when} it calls ${step}`, async () => {
        const error = new BerthError('engine_unavailable', 'the manager has died')
        let armed = false
        const rule: FaultRule = (verb) => {
          if (!armed || verb !== step) return null
          armed = false
          return { when, error }
        }
        const { world } = await reserved({ faults: { engine: rule } })
        const used = await idOf(world, 'p-1')
        await world.reservations.reset('p-1', ANONYMOUS)
        armed = true
        await world.reconciler.tick()
        await world.reconciler.idle()
        assert.equal(armed, false, 'it was called')
        await world.restart()
        await world.settle()
        assert.equal(world.host.find(used ?? ''), undefined)
        assert.match((await world.states())[0] ?? '', /^p-1 reserved [23]$/)
        assert.deepEqual(world.logins(), ['alice@p-1', 'alice@p-2'])
        const rest = world.host.all().filter(({ spec }) => spec.name === 'p-1')
        assert.equal(rest.length, 1)
      })
    }
  }

  it('is for the containers of an active reservation of the caller', async () => {
    const { world, id } = await reserved()
    const refuse = (name: string, by: Identity, expected: object) =>
      assert.rejects(world.reservations.reset(name, by), expected)
    await refuse('p-9', ANONYMOUS, { code: 'not_found', message: 'there is no container "p-9"' })
    await refuse('p-3', ANONYMOUS, { code: 'conflict', message: /^p-3 is in no reservation of yours/ })
    await refuse('p-1', EVE, { code: 'conflict', message: /^p-1 is in no reservation of yours/ })
    world.advance(HOUR)
    await refuse('p-1', ANONYMOUS, {
      code: 'not_active',
      message: `reservation ${id} is ending: a reset needs an active one`,
    })
  })
})
