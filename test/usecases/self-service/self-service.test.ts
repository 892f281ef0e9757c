/** What requests from inside a container do, and what they cannot do. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Identity, Limits } from '../../../src/domain/identity.ts'
import { UNLIMITED } from '../../../src/domain/identity.ts'
import type { FaultRule } from '../../../lab/faulty.ts'
import { NOW, pool } from '../../../lab/rows.ts'
import { createWorld, type World } from '../../../lab/world.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const ID = '0123456789ab'
const idOf = (n: number) => n.toString(16).padStart(12, '0')
const CI: Identity = { name: 'ci', role: 'admin', limits: UNLIMITED }

interface Held {
  readonly world: World
  readonly id: string
  /** Sends a line from a container, and returns what was answered since. */
  ask(line: string, from?: string): Promise<string[]>
  end(): Promise<number | null>
}

async function held({
  count = 1,
  by = CI,
  auth = 'none',
  selfService = true,
  accounts,
}: {
  readonly count?: number
  readonly by?: Identity
  readonly auth?: 'none' | 'tokens'
  readonly selfService?: boolean
  readonly accounts?: FaultRule
} = {}): Promise<Held> {
  const p = pool({ selfService, duration: { default: HOUR, max: 2 * HOUR } })
  const world = await createWorld({ pools: [p], auth, ...(accounts && { faults: { accounts } }) })
  await world.settle()
  const request = { pool: p, username: 'alice', password: 'test', count, durationMs: HOUR }
  const { reservation } = await world.reservations.reserve(request, by)
  await world.settle()
  await world.selfService.step()
  return {
    world,
    id: reservation.id,
    async ask(line, from = 'p-1') {
      world.host.send(world.host.holderOf(from)?.id ?? '', line)
      await world.selfService.idle()
      return world.accounts.answered.splice(0)
    },
    end: async () => (await world.store.reservation(reservation.id))?.expiresAt ?? null,
  }
}

async function addToken(world: World, limits: Limits, expiresAt: number | null = null): Promise<void> {
  const token = {
    id: 't',
    name: 'ci',
    role: 'user' as const,
    hash: 'h',
    createdAt: NOW,
    expiresAt,
    lastUsedAt: null,
    limits,
  }
  await world.store.addToken(token, 'admin', NOW)
}

describe('extend', () => {
  it('moves the end, and answers with the new one', async () => {
    const { world, ask, end } = await held()
    const before = (await end()) ?? 0
    const [answer = '', ...others] = await ask(`extend 30m ${ID}`)
    assert.deepEqual(others, [])
    assert.match(answer, /^p-1 0123456789ab done: Extended until \d{4}-\d\d-\d\d \d\d:\d\d UTC, 1 h 30 min left\.$/)
    assert.equal(await end(), before + 30 * MINUTE)
    await world.settle()
    assert.match(world.accounts.notified.join(), /Extended until/)
    const session = world.accounts.sessions.get(world.host.holderOf('p-1')?.id ?? '')
    assert.match(session ?? '', new RegExp(`^end=${Math.floor((before + 30 * MINUTE) / 1_000)}\n`))
  })

  it('is done once when the command sends it again', async () => {
    const { ask, end } = await held()
    const before = (await end()) ?? 0
    assert.equal((await ask(`extend 30m ${ID}`)).length, 1)
    assert.equal((await ask(`extend 30m ${ID}`)).length, 0)
    assert.equal(await end(), before + 30 * MINUTE)
  })

  it('goes no further than the pool allows, and says so', async () => {
    const { ask, end } = await held()
    const before = (await end()) ?? 0
    assert.match(
      (await ask(`extend 9h ${ID}`)).join(),
      / done: Extended until .* 2 h left\. Capped: 2h is the maximum of/,
    )
    assert.equal(await end(), before + HOUR)
    assert.match(
      (await ask(`extend 30m ${idOf(1)}`)).join(),
      / refused: Not extended: 2h is the maximum .* 2 h left\.$/,
    )
    assert.equal(await end(), before + HOUR)
  })

  it('goes no further than the token of the owner allows', async () => {
    const { world, ask, end } = await held({ auth: 'tokens' })
    await addToken(world, { ...UNLIMITED, durationMs: 70 * MINUTE })
    const before = (await end()) ?? 0
    assert.match(
      (await ask(`extend 1h ${ID}`)).join(),
      / done: .* 1 h 10 min left\. Capped: 70m is the limit of your token/,
    )
    assert.equal(await end(), before + 10 * MINUTE)
  })

  it('is refused when the owner no longer has a valid token', async () => {
    const { world, ask, end } = await held({ auth: 'tokens' })
    const before = await end()
    for (const expiresAt of ['none', NOW - 1] as const) {
      if (expiresAt !== 'none') await addToken(world, UNLIMITED, expiresAt)
      assert.match((await ask(`extend 1h ${idOf(1)}`)).join(), / refused: ci no longer has a valid token/)
      assert.match((await ask(`release ${idOf(2)}`)).join(), / refused: ci no longer has a valid token/)
    }
    assert.equal(await end(), before)
    assert.deepEqual(world.logins(), ['alice@p-1'])
  })
})

describe('release', () => {
  it('answers, writes a last line in every container, and ends the whole reservation', async () => {
    const { world, ask } = await held({ count: 2 })
    assert.deepEqual(await ask(`release ${ID}`, 'p-2'), [`p-2 ${ID} done: Released. Access ends now.`])
    const line = 'alice: This reservation was released. Its containers are destroyed now.'
    assert.deepEqual(world.accounts.notified, [`p-1 ${line}`, `p-2 ${line}`])
    assert.deepEqual(world.logins(), [])
  })

  it('ends the reservation even if nothing can be written in the containers', async () => {
    const error = new Error('the tenant has broken everything')
    const accounts: FaultRule = (verb) => (verb === 'notify' || verb === 'answer' ? { when: 'before', error } : null)
    const { world, ask } = await held({ accounts })
    await ask(`release ${ID}`)
    assert.deepEqual(world.logins(), [])
  })
})

describe('a pool without self-service', () => {
  it('refuses both, and says whom to ask', async () => {
    const { world, ask, end } = await held({ selfService: false })
    const before = await end()
    for (const line of [`extend 30m ${idOf(1)}`, `release ${idOf(2)}`]) {
      assert.match(
        (await ask(line)).join(),
        / refused: This pool does not .* Ask the Berth user ci, who reserved it\.$/,
      )
    }
    assert.equal(await end(), before)
    assert.deepEqual(world.logins(), ['alice@p-1'])
  })
})

describe('whatever a container sends', () => {
  it('concerns its own reservation alone', async () => {
    const one = await held()
    const { world } = one
    const request = { pool: pool(), username: 'bob', password: 'test', count: 1, durationMs: HOUR }
    const { reservation } = await world.reservations.reserve(request, CI)
    await world.selfService.step()
    await one.ask(`extend 30m ${ID}`, 'p-2')
    assert.equal((await one.end()) ?? 0, NOW + HOUR)
    assert.equal((await world.store.reservation(reservation.id))?.expiresAt, NOW + HOUR + 30 * MINUTE)
  })

  it('is ignored from a container that the ledger of the engine has lent to another reservation', async () => {
    const { world, ask, end } = await held()
    world.host.lent.set(world.host.holderOf('p-1')?.id ?? '', 'another')
    const before = await end()
    assert.deepEqual(await ask(`extend 30m ${ID}`), [])
    assert.equal(await end(), before)
  })

  it('is ignored when it is no request', async () => {
    const { world, ask } = await held()
    for (const line of ['', 'hello', `release r1 ${ID}`, `extend 30m ${ID} p-2`]) assert.deepEqual(await ask(line), [])
    assert.deepEqual(world.logins(), ['alice@p-1'])
  })

  it('is handled in a burst of ten, and then once every five seconds', async () => {
    const { world, ask } = await held()
    let answered = 0
    for (let n = 0; n < 100; n += 1) answered += (await ask(`extend 1s ${idOf(n)}`)).length
    assert.equal(answered, 10)
    world.advance(5_000)
    for (let n = 0; n < 100; n += 1) answered += (await ask(`extend 1s ${idOf(n)}`)).length
    assert.equal(answered, 11)
  })

  it('is handled one request at a time: during a flood, one more waits', async () => {
    const { world, ask } = await held()
    const engineId = world.host.holderOf('p-1')?.id ?? ''
    for (let n = 0; n < 100; n += 1) world.host.send(engineId, `extend 1s ${idOf(n)}`)
    assert.equal((await ask('')).length, 2)
  })

  it('is ignored from a container that is free, and after the end', async () => {
    const { world, ask } = await held()
    assert.deepEqual(await ask(`extend 30m ${ID}`, 'p-2'), [])
    const engineId = world.host.holderOf('p-1')?.id ?? ''
    world.advance(HOUR)
    world.host.send(engineId, `extend 30m ${ID}`)
    await world.selfService.idle()
    assert.deepEqual(world.accounts.answered, [])
  })
})

describe('the next manager', () => {
  it('listens to the containers that are lent', async () => {
    const { world, ask } = await held()
    world.host.listeners.clear()
    await world.restart([pool()])
    await world.settle()
    assert.deepEqual(await ask(`extend 30m ${ID}`), [], 'not before its first step')
    await world.selfService.step()
    assert.match((await ask(`extend 30m ${ID}`)).join(), / done: Extended/)
  })

  it('listens only while it leads', async () => {
    const { world, ask } = await held()
    await world.reconciler.releaseLeadership()
    await world.restart([pool()])
    world.host.listeners.clear()
    await world.selfService.step()
    assert.deepEqual(await ask(`extend 30m ${ID}`), [], 'before its first tick')
  })
})
