/** Random histories of a real core, held against a small model of what it promises. */
import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { Kysely } from 'kysely'
import type { ErrorCode } from '../../src/domain/errors.ts'
import { dueNotification } from '../../src/domain/session/notification.ts'
import type { Tables } from '../../src/store/sql/schema/tables.ts'
import { Answers } from '../support/world/answers.ts'
import * as model from '../support/world/model.ts'
import { connectTo } from '../../lab/postgres/open-at.ts'
import { startPostgres } from '../../lab/postgres/server.ts'
import { effort, tried } from '../../lab/proof.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'
import { AT_ONCE } from '../../lab/faulty.ts'

const MINUTE = 60_000
const DAY = 86_400_000
/** Milliseconds that pass in each turn that a call takes. */
const TURN = 10
const LONGEST_CALL = 4 * TURN
const SIZE = 4
const HISTORIES = effort({ test: 300, prove: 10_000 })
/** Each takes a database of its own, and all of its transactions wait for the server. */
const ON_POSTGRES = effort({ test: 4, prove: 300 })
/** So that extensions meet it. */
const LONGEST = 20 * MINUTE

type Command = fc.AsyncCommand<model.Model, model.Real>

const place = fc.integer({ min: 1, max: SIZE })
const any = fc.nat(5)

/** Steps that can be taken by themselves or at once with others. */
const steps = {
  reserve: fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 15 }), fc.constantFrom(null, null, 10))
    .map(([count, minutes, wait]) => ({
      name: `reserve(${count}, ${minutes} min${wait === null ? '' : ', or wait'})`,
      step: model.reserve(count, minutes, wait),
    })),
  extend: fc
    .tuple(any, fc.integer({ min: 1, max: 15 }))
    .map(([nth, minutes]) => ({ name: `extend(#${nth}, ${minutes} min)`, step: model.extend(nth, minutes) })),
  release: any.map((nth) => ({ name: `release(#${nth})`, step: model.release(nth) })),
  tick: fc.constant({ name: 'tick', step: model.tick }),
  resize: fc.integer({ min: 0, max: SIZE }).map((size) => ({ name: `resize(${size})`, step: model.resize(size) })),
  operate: fc
    .tuple(fc.constantFrom('recycle' as const, 'quarantine' as const, 'endQuarantine' as const), place)
    .map(([verb, number]) => ({ name: `${verb}(p-${number})`, step: model.operate(verb, number) })),
  damage: fc
    .tuple(place, fc.constantFrom('exited' as const, 'paused' as const, null))
    .map(([number, state]) => ({ name: `p-${number} is ${state ?? 'gone'}`, step: model.damage(number, state) })),
}

const VERBS = ['list', 'create', 'start', 'kill', 'remove', 'survey', 'createAccounts', 'notify'] as const

const rest = {
  restart: fc.constant({ name: 'restart', step: model.restart }),
  settle: fc.constant({ name: 'settle', step: model.settle }),
  brink: fc.integer({ min: 1, max: 60 }).chain((ms) =>
    fc
      .constantFrom<ReturnType<typeof model.brink>[]>(
        [],
        [model.tick, model.extend(0, 5)],
        [model.tick, model.release(0)],
      )
      .map((then) => ({
        name: `${ms} ms before an end${then.length > 0 ? ', as it is moved or made' : ''}`,
        step: async (...at: Parameters<ReturnType<typeof model.brink>>) => {
          await model.brink(ms)(...at)
          await model.together(then)(...at)
        },
      })),
  ),
  wait: fc
    .oneof(fc.integer({ min: -60, max: 300 }), fc.constantFrom(-7_200, -600, 3_600, 86_400))
    .map((seconds) => ({ name: `wait(${seconds} s)`, step: model.wait(seconds) })),
  fault: fc
    .tuple(
      fc.constantFrom(...VERBS),
      fc.constantFrom('before' as const, 'after' as const),
      fc.constantFrom<ErrorCode>('engine_unavailable', 'engine_failed', 'guest_failed'),
    )
    .map(([verb, when, code]) => ({
      name: `${code} ${when} the next ${verb}`,
      step: model.fault(verb, when, code),
    })),
  together: fc
    .array(
      fc.oneof(
        steps.reserve,
        steps.extend,
        steps.release,
        steps.tick,
        steps.tick,
        steps.resize,
        steps.operate,
        steps.damage,
      ),
      {
        minLength: 2,
        maxLength: 4,
      },
    )
    .map((some) => ({
      name: `together(${some.map(({ name }) => name).join(' | ')})`,
      step: model.together(some.map(({ step }) => step)),
    })),
}

const weighted = (
  weight: number,
  arbitrary: fc.Arbitrary<{ name: string; step: Parameters<typeof model.command>[1] }>,
) => ({ weight, arbitrary: arbitrary.map(({ name, step }): Command => model.command(name, step)) }) as const

const commands = fc.commands(
  [
    fc.oneof(
      weighted(5, steps.reserve),
      weighted(2, steps.extend),
      weighted(2, steps.release),
      weighted(3, steps.tick),
      weighted(1, steps.resize),
      weighted(2, steps.operate),
      weighted(2, steps.damage),
      weighted(1, rest.restart),
      weighted(3, rest.settle),
      weighted(3, rest.wait),
      weighted(3, rest.brink),
      weighted(3, rest.fault),
      weighted(2, rest.together),
    ),
  ],
  { maxCommands: 25, size: 'max' },
)

/** How many turns of the event loop each call of a port takes, over and over: so they overtake one another. */
const delays = fc.array(fc.nat(LONGEST_CALL / TURN), { minLength: 1, maxLength: 12 })

interface Heard {
  readonly username: string
  readonly at: number
}

/** A full pool, whose calls take their time and fail when they are told to. */
async function open(turns: readonly number[], db?: Kysely<Tables>): Promise<{ real: model.Real; heard: Heard[] }> {
  const pending: model.Real['pending'] = []
  const rule = (verb: string) => {
    const index = pending.findIndex((one) => one.verb === verb)
    return (index < 0 ? undefined : pending.splice(index, 1)[0]) ?? null
  }
  let calls = 0
  const slowly = <T extends object>(name: string, port: T): T =>
    name === 'store'
      ? port
      : new Proxy(port, {
          get(target, property) {
            const member: unknown = Reflect.get(target, property, target)
            if (typeof member !== 'function' || typeof property !== 'string') return member
            if (AT_ONCE.has(property)) return member.bind(target)
            return async (...args: unknown[]) => {
              const wait = turns[calls++ % turns.length] ?? 0
              world.advance(wait * TURN)
              for (let turn = 0; turn < wait; turn += 1) await new Promise(setImmediate)
              return Reflect.apply(member, target, args) as unknown
            }
          },
        })
  const pools = [pool({ size: SIZE, duration: { default: MINUTE, max: LONGEST } })]
  const faults = { engine: rule, accounts: rule }
  const world = await createWorld({ pools, faults, around: slowly, ...(db && { db }) })
  const heard: Heard[] = []
  const tell = world.accounts.notify.bind(world.accounts)
  world.accounts.notify = (targets, news) => {
    heard.push({ username: news.username, at: world.now() })
    return tell(targets, news)
  }
  await world.settle()
  return { real: { world, answers: new Answers(world), pending }, heard }
}

/**
 * Every tenant got the notifications that were due, and none after the end, except those that were on their way then
 * while other calls took their time.
 */
async function assertTold(world: World, heard: readonly Heard[]): Promise<void> {
  const all = await world.store.reservations({ limit: 1_000 })
  const ends = new Map(all.map(({ reservation }) => [reservation.username, reservation.expiresAt ?? 0]))
  for (const { username, at } of heard)
    assert.ok(at < (ends.get(username) ?? 0) + 10 * LONGEST_CALL, `${username} was told too late`)
  for (const { reservation } of all) assert.equal(dueNotification(reservation, world.now()), null)
}

/** `openDatabase` returns a fresh one for each history; in memory without it. */
async function tryHistories(
  t: TestContext,
  count: number,
  openDatabase?: () => Promise<Kysely<Tables>>,
): Promise<void> {
  let taken = 0
  const property = fc.asyncProperty(commands, delays, async (history, turns) => {
    const { real, heard } = await open(turns, await openDatabase?.())
    const { world, answers } = real
    try {
      const begin = () => ({ model: { size: SIZE, calm: true, alone: true, users: 0 }, real })
      await fc.asyncModelRun(begin, [...history, model.command('settle', model.settle)])
      await assertTold(world, heard)
      // Longer than clocks were set back in any history: every reservation has had its time, the waiting ones too.
      for (const ms of [LONGEST, LONGEST, 3 * DAY]) {
        world.advance(ms)
        await world.settle()
      }
      await answers.assertServed()
      assert.deepEqual(world.logins(), [])
      assert.deepEqual((await world.store.snapshot()).reservations, [], 'a reservation never ends')
      taken += [...history].length
    } finally {
      await world.store.close()
    }
  })
  await fc.assert(property, { numRuns: count })
  tried(t, count, 'random histories')
  tried(t, taken, 'commands in them')
}

it('In any order of events, a manager does what a model of one page says: nothing lost, nothing leaked, no access after the end', (t) =>
  tryHistories(t, HISTORIES))

it('On PostgreSQL, too, a manager does what the model says in any order of events', async (t) => {
  const server = await startPostgres({ fsync: 'off' })
  t.after(() => server.stop())
  await tryHistories(t, ON_POSTGRES, () => connectTo(server))
})
