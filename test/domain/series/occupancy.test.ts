/** Occupancy by state: cases by hand, and random histories compared with an integration of the whole history. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CONTAINER_STATES, type ContainerState } from '../../../src/domain/container.ts'
import type { EventKind } from '../../../src/domain/event.ts'
import { Occupancy } from '../../../src/domain/series/occupancy.ts'
import { earlierState, type PoolChange } from '../../../src/domain/series/pool-change.ts'
import { type Steps, stepsOf } from '../../../src/domain/series/steps.ts'

type Verb = EventKind extends infer K ? (K extends `container.${infer Name}` ? Name : never) : never

let nextId = 1
function event(at: number, verb: Verb, some: Partial<PoolChange> = {}): PoolChange {
  return {
    ...{ id: nextId++, at, kind: `container.${verb}`, pool: 'p', container: 'p-1' },
    ...{ generation: 2, reservation: null, detail: null, ...some },
  }
}

interface Row {
  readonly name: string
  readonly state: ContainerState
  readonly since: number
  readonly generation: number
}

/** Computes as the use case does: events from `lead` on first, then what is unresolved from all events before. */
function occupancyOf(steps: Steps, events: readonly PoolChange[], rows: readonly Row[], lead = steps.from): Occupancy {
  const occupancy = new Occupancy(steps, steps.from)
  for (const each of events.filter(({ at }) => at >= lead)) occupancy.add(each)
  const dropped = events.filter(({ at, kind }) => at >= steps.to && kind === 'container.dropped')
  const names = occupancy.addUnchanged(
    rows,
    dropped.flatMap(({ container }) => container ?? []),
  )
  for (const name of names) {
    const earlier = events.filter(({ at, container }) => at < lead && container === name).toReversed()
    const state = earlierState(earlier, true)
    assert.ok(state)
    occupancy.resolve(name, state)
  }
  occupancy.finish()
  return occupancy
}

const SPAN = stepsOf(100, 130, 10)

function shown(occupancy: Occupancy, { count }: Steps = SPAN): string[] {
  return Array.from({ length: count }, (_, step) =>
    CONTAINER_STATES.flatMap((state) => {
      const ms = occupancy.ms(state, step)
      return ms > 0 ? `${state} ${ms}` : []
    }).join(', '),
  )
}

describe('occupancy', () => {
  const held = { reservation: 'r' }
  const row = (state: ContainerState, since: number, generation = 1): Row => ({ name: 'p-1', state, since, generation })
  const cases: readonly [
    title: string,
    events: readonly PoolChange[],
    rows: readonly Row[],
    shown: readonly string[],
  ][] = [
    ['no container', [], [], ['', '', '']],
    ['one that does not change', [], [row('ready', 50)], ['ready 10', 'ready 10', 'ready 10']],
    ['a slot whose first container was not begun', [], [row('creating', 115, 0)], ['', 'creating 5', 'creating 10']],
    [
      'reserved and recycled; the first event tells that it was ready',
      [event(105, 'reserved', held), event(112, 'removing', held), event(114, 'creating'), event(121, 'ready')],
      [row('ready', 121)],
      ['ready 5, reserved 5', 'creating 6, reserved 2, removing 2', 'creating 1, ready 9'],
    ],
    [
      'released in the span, reserved before; the first event tells it',
      [event(115, 'removing', held), event(120, 'creating')],
      [row('creating', 120)],
      ['reserved 10', 'reserved 5, removing 5', 'creating 10'],
    ],
    [
      'retired: an earlier event tells that it was broken',
      [event(40, 'broken'), event(115, 'removing')],
      [row('removing', 115)],
      ['broken 10', 'removing 5, broken 5', 'removing 10'],
    ],
    [
      'retired, and earlier events were deleted',
      [event(115, 'removing')],
      [row('removing', 115)],
      ['ready 10', 'ready 5, removing 5', 'removing 10'],
    ],
    [
      'a new slot',
      [event(115, 'creating', { generation: 1 })],
      [row('creating', 110)],
      ['', 'creating 5', 'creating 10'],
    ],
    ['dropped in the span', [event(90, 'removing'), event(115, 'dropped')], [], ['removing 10', 'removing 5', '']],
    [
      'unchanged in the span, changed after it',
      [event(60, 'ready'), event(140, 'reserved', held)],
      [row('reserved', 140)],
      ['ready 10', 'ready 10', 'ready 10'],
    ],
    [
      'unchanged in the span, dropped after it',
      [event(60, 'quarantined'), event(140, 'removing'), event(141, 'dropped')],
      [],
      ['quarantined 10', 'quarantined 10', 'quarantined 10'],
    ],
    ['made after the span', [event(140, 'creating', { generation: 1 })], [row('creating', 140)], ['', '', '']],
    [
      'replaced under its reservation',
      [event(115, 'replaced', held)],
      [row('reserved', 90)],
      ['reserved 10', 'reserved 10', 'reserved 10'],
    ],
    [
      'events of two managers whose clocks differ',
      [event(105, 'reserved', held), event(104, 'removing', held)],
      [row('removing', 104)],
      ['ready 5, removing 5', 'removing 10', 'removing 10'],
    ],
  ]
  for (const [title, events, rows, expected] of cases) {
    it(title, () => assert.deepEqual(shown(occupancyOf(SPAN, events, rows)), expected))
  }
})

describe('recycling', () => {
  const held = { reservation: 'r' }
  const cases: readonly [title: string, events: readonly PoolChange[], longest: number | null][] = [
    ['from the removal until ready', [event(105, 'removing', held), event(106, 'creating'), event(112, 'ready')], 7],
    [
      'over failures in between',
      [
        event(101, 'removing', held),
        event(102, 'creating'),
        event(103, 'broken'),
        event(104, 'removing'),
        event(105, 'creating'),
        event(112, 'ready'),
      ],
      11,
    ],
    [
      'that began before the span',
      [event(40, 'ready'), event(80, 'removing'), event(95, 'creating'), event(112, 'ready')],
      32,
    ],
    [
      'whose events are all before the span but the last, with a failure',
      [
        event(60, 'removing', held),
        event(70, 'broken'),
        event(80, 'removing'),
        event(90, 'creating'),
        event(111, 'ready'),
      ],
      51,
    ],
    [
      'of a container that broke before the span while it was ready',
      [event(40, 'ready'), event(60, 'broken'), event(105, 'removing'), event(106, 'creating'), event(112, 'ready')],
      7,
    ],
    ['not of a new slot', [event(90, 'creating', { generation: 1 }), event(112, 'ready', { generation: 1 })], null],
    [
      'not of one that was quarantined meanwhile',
      [event(101, 'removing'), event(102, 'creating'), event(103, 'quarantined')],
      null,
    ],
    ['after a quarantine', [event(90, 'quarantined'), event(108, 'removing'), event(112, 'ready')], 4],
    ['not before the span', [event(80, 'removing', held), event(90, 'ready')], null],
    ['not of one whose removal was deleted from the log', [event(112, 'ready')], null],
  ]
  for (const [title, events, longest] of cases) {
    for (const lead of [100, 85]) {
      it(`is measured ${title}; events are read from ${lead} on`, () => {
        const { recycles } = occupancyOf(SPAN, events, [], lead)
        assert.equal(recycles.figures(1).max, longest)
      })
    }
  }
})

/** Legal next events of a container, by its state. */
const NEXT: Readonly<Record<string, readonly Verb[]>> = {
  absent: ['creating'],
  creating: ['ready', 'broken', 'creating', 'quarantined', 'removing'],
  ready: ['reserved', 'reserved', 'reserved', 'broken', 'removing', 'quarantined'],
  reserved: ['removing', 'removing', 'replaced', 'reset'],
  removing: ['creating', 'creating', 'creating', 'dropped'],
  broken: ['removing', 'quarantined'],
  quarantined: ['removing'],
}
const STATE_AFTER: Partial<Record<Verb, string>> = { replaced: 'reserved', reset: 'reserved', dropped: 'absent' }

/** What happens to one container: pauses and choices. */
const life = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.nat(5)), { maxLength: 40 })

function historyOf(name: string, choices: readonly (readonly [number, number])[]) {
  const events: PoolChange[] = []
  const states: { readonly at: number; readonly state: string }[] = []
  let [at, state, generation] = [0, 'absent', 0]
  for (const [pause, choice] of choices) {
    at += pause
    const verbs = NEXT[state] ?? []
    const verb = verbs[choice % verbs.length] ?? 'removing'
    if (state === 'absent') generation = 0
    if (verb === 'creating') generation += 1
    const isHeld = state === 'reserved' || verb === 'reserved'
    events.push(event(at, verb, { container: name, generation, ...(isHeld && { reservation: 'r' }) }))
    state = STATE_AFTER[verb] ?? verb
    states.push({ at, state })
  }
  const last = states.at(-1)
  const row = { name, state: state as ContainerState, since: sinceOf(states), generation }
  return { events, states, rows: last === undefined || state === 'absent' ? [] : [row] }
}

/** When the last state began. */
function sinceOf(states: readonly { readonly at: number; readonly state: string }[]): number {
  const before = states.findLastIndex(({ state }) => state !== states.at(-1)?.state)
  return states[before + 1]?.at ?? 0
}

it('is the same as if the whole history were integrated', () => {
  fc.assert(
    fc.property(
      fc.array(life, { minLength: 1, maxLength: 5 }),
      fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 50 }), fc.nat(60)),
      (lives, [from, length, step, lead]) => {
        const histories = lives.map((choices, index) => historyOf(`p-${index + 1}`, choices))
        const events = histories.flatMap((each) => each.events).toSorted((a, b) => a.at - b.at || a.id - b.id)
        const rows = histories.flatMap((each) => each.rows)
        const steps = stepsOf(from, from + length, step)
        const occupancy = occupancyOf(steps, events, rows, steps.from - lead)
        for (let index = 0; index < steps.count; index += 1) {
          const begin = steps.from + index * step
          const end = Math.min(begin + step, steps.to)
          for (const state of CONTAINER_STATES) {
            const expected = histories.reduce((sum, { states }) => sum + msIn(states, state, begin, end), 0)
            assert.equal(occupancy.ms(state, index), expected, `${state} from ${begin} to ${end}`)
          }
        }
      },
    ),
    { numRuns: 500 },
  )
})

function msIn(states: readonly { at: number; state: string }[], state: string, begin: number, end: number): number {
  let ms = 0
  for (let at = begin; at < end; at += 1) if (states.findLast((each) => each.at <= at)?.state === state) ms += 1
  return ms
}
