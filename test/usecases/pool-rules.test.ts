/** What a pool allows is enforced by the use case, whichever client asks. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld } from '../../lab/world.ts'

const MINUTE_MS = 60_000
const P = pool({ size: 2, duration: { default: MINUTE_MS, max: 60 * MINUTE_MS } })
const REQUEST = { pool: P, username: 'alice', count: 1, durationMs: MINUTE_MS }

const refused: readonly [what: string, some: object, path: string][] = [
  ['more containers than the pool has', { count: 3 }, 'count'],
  ['a longer time than the pool allows', { durationMs: 60 * MINUTE_MS + 1 }, 'duration'],
  ['no time at all', { durationMs: 0 }, 'duration'],
  ['a duration that could not be read', { durationMs: Number.NaN }, 'duration'],
  ['a keepalive below ten seconds', { keepaliveMs: 9_999 }, 'keepalive'],
  ['a wait of over a week', { waitMs: 7 * 86_400_000 + 1 }, 'wait'],
]

describe('a reserve beyond the rules of its pool', () => {
  for (const [what, some, path] of refused) {
    it(`is refused for ${what}, and takes nothing`, async () => {
      const world = await createWorld({ pools: [P] })
      await world.settle()
      await assert.rejects(
        world.reservations.reserve({ ...REQUEST, ...some }, ANONYMOUS),
        (error: { code?: string; violations?: readonly { path: string }[] }) =>
          error.code === 'invalid_request' && error.violations?.map(({ path: at }) => at).join() === path,
      )
      assert.deepEqual((await world.store.snapshot()).reservations, [])
    })
  }

  it('is refused with every violation at once', async () => {
    const world = await createWorld({ pools: [P] })
    const request = { ...REQUEST, count: 3, durationMs: 0, waitMs: -1 }
    await assert.rejects(world.reservations.reserve(request, ANONYMOUS), { message: /^count .*; duration .*; wait / })
  })
})

describe('the password of a reservation', () => {
  it('is generated and returned when the caller gives neither a password nor a key', async () => {
    const hashed: unknown[][] = []
    const world = await createWorld({ pools: [P], hashPassword: async (...args) => `$6$${hashed.push(args)}` })
    await world.settle()
    const { password } = await world.reservations.reserve(REQUEST, ANONYMOUS)
    assert.match(password ?? '', /^[a-zA-Z2-9]{20}$/)
    assert.deepEqual(hashed, [[password, true]])
    const chosen = await world.reservations.reserve({ ...REQUEST, password: 'chosen' }, ANONYMOUS)
    assert.equal(chosen.password, null)
    assert.deepEqual(hashed[1], ['chosen', false])
  })
})
