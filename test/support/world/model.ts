/** A small obvious model of what a manager promises, and commands that hold the real one against it. */
import assert from 'node:assert/strict'
import type fc from 'fast-check'
import { BerthError, codeOf, type ErrorCode } from '../../../src/domain/errors.ts'
import { ANONYMOUS } from '../../../src/domain/identity.ts'
import type { Answers } from './answers.ts'
import { assertHealthy, assertNoIntruder, quiet } from './invariants.ts'
import type { World } from '../../../lab/world.ts'

const MINUTE = 60_000

export interface Model {
  /** How many places the pool has. */
  size: number
  /** Every place that nobody holds is ready, nobody is being served, and nothing fails: answers can be foretold. */
  calm: boolean
  /** One thing happens at a time. */
  alone: boolean
  users: number
}

export interface Real {
  readonly world: World
  readonly answers: Answers
  /** Faults that strike at the next call of their verb. */
  readonly pending: PendingFault[]
}

interface PendingFault {
  readonly verb: string
  readonly when: 'before' | 'after'
  readonly error: Error
}

type Step = (model: Model, real: Real) => Promise<void>

/** `name` is how it reads in a history that failed. Whatever happens, nobody is where they should not be. */
export function command(name: string, step: Step): fc.AsyncCommand<Model, Real> {
  return {
    check: () => true,
    async run(model, real) {
      await step(model, real)
      await assertNoIntruder(real.world)
    },
    toString: () => name,
  }
}

/** Numbers of the places that nobody holds, by what clients were answered. */
function free({ size }: Model, { answers }: Real): number[] {
  const held = new Set(answers.inTerm().flatMap(({ containers }) => containers))
  return Array.from({ length: size }, (_, index) => index + 1).filter((number) => !held.has(`p-${number}`))
}

export function reserve(count: number, minutes: number, waitMinutes: number | null): Step {
  return async (model, real) => {
    const { answers, world } = real
    const places = free(model, real)
    const waiting = answers.queued.length
    const calm = model.calm
    const username = `u${++model.users}`
    const id = await answers.reserve(username, { count, minutes, ...(waitMinutes !== null && { waitMinutes }) })
    const got = answers.inTerm().find((one) => one.id === id)
    if (got) {
      const allowed = new Set(places.map((number) => `p-${number}`))
      for (const name of got.containers) assert.ok(allowed.has(name), `${name} was somebody else's, or nobody's`)
      const login = world.logins().filter((one) => one.startsWith(`${username}@`))
      assert.deepEqual(login, got.containers.map((name) => `${username}@${name}`).toSorted())
    }
    if (!calm) return
    const fits = waiting === 0 && count <= places.length
    assert.equal(got !== undefined, fits, `${count} of ${places.length} free ones, ${waiting} waiting`)
    if (got) {
      assert.deepEqual(
        got.containers,
        places.slice(0, count).map((number) => `p-${number}`),
      )
    } else {
      const waits = waitMinutes !== null && count <= model.size
      assert.equal(id !== null, waits, 'a request that can wait waits, unless the pool is too small for it')
    }
  }
}

/** The nth of those who are in, by what they were answered. */
function nth({ answers }: Real, index: number) {
  const all = answers.inTerm()
  return all[index % Math.max(all.length, 1)]
}

export function extend(index: number, minutes: number): Step {
  return async ({ alone }, real) => {
    const before = nth(real, index)
    if (!before) return
    await real.answers.extend(before.id, minutes)
    if (!alone) return
    const after = real.answers.inTerm().find(({ id }) => id === before.id)
    const { activeAt } = (await real.world.store.reservation(before.id)) ?? {}
    const latest = (activeAt ?? 0) + (real.world.pools.all()[0]?.duration.max ?? 0)
    // Never shorter, and never beyond what the pool allows.
    assert.equal(after?.until, Math.max(before.until, Math.min(before.until + minutes * MINUTE, latest)))
  }
}

export function release(index: number): Step {
  return async (model, real) => {
    const { queued } = real.answers
    const all = [...real.answers.inTerm().map(({ id }) => id), ...queued]
    const id = all[index % Math.max(all.length, 1)]
    model.calm = false
    if (id !== undefined) await real.answers.release(id)
  }
}

export function wait(seconds: number): Step {
  return async (model, { world }) => {
    model.calm = false
    world.advance(seconds * 1_000)
  }
}

/** A moment before the next end that somebody was told. */
export function brink(ms: number): Step {
  return async (model, { world, answers }) => {
    model.calm = false
    const next = Math.min(...answers.inTerm().map(({ until }) => until))
    if (Number.isFinite(next)) world.advance(Math.max(0, next - world.now() - ms))
  }
}

export const tick: Step = async (model, { world, answers, pending }) => {
  const troubled = pending.length > 0
  const due = world.now()
  await world.reconciler.tick()
  await world.reconciler.idle()
  model.calm = false
  answers.sweep()
  if (troubled) return
  // One tick is all it takes.
  const { reservations } = await world.store.snapshot()
  const late = reservations.filter((r) => r.state === 'active' && r.expiresAt !== null && r.expiresAt <= due)
  assert.deepEqual(late, [])
}

export const restart: Step = async (model, { world }) => {
  model.calm = false
  await world.restart()
}

export function resize(size: number): Step {
  return async (model, real) => {
    const { world, answers } = real
    const held = answers.inTerm().reduce((sum, { containers }) => sum + containers.length, 0)
    const done = await world.admin.resize('p', size, ANONYMOUS).then(
      () => true,
      (error: unknown) => {
        assert.equal(codeOf(error), 'conflict')
        return false
      },
    )
    if (model.calm) assert.equal(done, held <= size, `${held} held, ${size} wanted`)
    if (done && size !== model.size) model.calm = false
    if (done) model.size = size
  }
}

export function operate(verb: 'recycle' | 'quarantine' | 'endQuarantine', number: number): Step {
  return async (model, { world }) => {
    model.calm = false
    await world.admin[verb](`p-${number}`, ANONYMOUS).catch((error: unknown) => {
      assert.ok(['conflict', 'not_found'].includes(codeOf(error)), String(error))
    })
  }
}

export function damage(number: number, state: 'exited' | 'paused' | null): Step {
  return async (model, { world }) => {
    model.calm = false
    const container = world.host.holderOf(`p-${number}`)
    if (container) world.host.disturb(container.id, state)
  }
}

export function fault(verb: string, when: PendingFault['when'], code: ErrorCode): Step {
  return async (model, { pending }) => {
    model.calm = false
    pending.push({ verb, when, error: new BerthError(code, 'injected') })
  }
}

/** At once: what becomes of each cannot be foretold, only that nothing that was answered is lost. */
export function together(steps: readonly Step[]): Step {
  return async (model, real) => {
    model.calm = model.alone = false
    await Promise.all(steps.map((step) => step(model, real)))
    model.calm = false
    model.alone = true
  }
}

/** Nothing fails any more, and time passes: all is well again, by itself. */
export const settle: Step = async (model, real) => {
  const { world, answers, pending } = real
  pending.length = 0
  for (const number of [1, 2, 3, 4]) await world.admin.endQuarantine(`p-${number}`, ANONYMOUS).catch(() => undefined)
  await quiet(world)
  await answers.askAgain()
  answers.sweep()
  await assertHealthy(world)
  await answers.assertKept()
  const [next] = answers.queued
  const wanted = next === undefined ? null : await world.store.reservation(next)
  if (wanted) assert.ok(wanted.count > free(model, real).length, `${wanted.username} waits, and there are enough`)
  model.calm = true
}
