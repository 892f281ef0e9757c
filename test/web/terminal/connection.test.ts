import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TicketHolder } from '../../../src/usecases/terminals/tickets.ts'
import { OutputRing } from '../../../src/usecases/terminals/output-ring.ts'
import { Viewer, type ViewerMessage } from '../../../src/usecases/terminals/viewer.ts'
import { Acknowledgements } from '../../../web/src/terminal/connection/acknowledgements.ts'
import { inputMessages, parseMessage } from '../../../web/src/terminal/connection/messages.ts'
import { SeenOutput } from '../../../web/src/terminal/connection/overlap.ts'
import { sleepDetector } from '../../../web/src/terminal/connection/sleep.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const KB = 1024

describe('messages of the manager', () => {
  const cases: readonly [text: string, message: object | null][] = [
    [
      '{"type":"attached","cols":80,"rows":24,"replayed":3,"lost":true}',
      { type: 'attached', cols: 80, rows: 24, replayed: 3, lost: true },
    ],
    ['{"type":"attached","cols":80,"rows":24}', { type: 'attached', cols: 80, rows: 24, replayed: 0, lost: false }],
    ['{"type":"size","cols":80,"rows":24}', { type: 'size', cols: 80, rows: 24 }],
    ['{"type":"size","cols":0,"rows":24}', null],
    ['{"type":"size","cols":"80","rows":24}', null],
    [
      '{"type":"ended","why":"expired","reason":"Up.","at":"2026-11-29T15:40:00Z"}',
      { type: 'ended', why: 'expired', reason: 'Up.', at: '2026-11-29T15:40:00Z' },
    ],
    ['{"type":"of a later version"}', null],
    ['null', null],
    ['<html>', null],
  ]
  for (const [text, message] of cases) it(text, () => deepEqual(parseMessage(text), message))
})

describe('input', () => {
  const cases: readonly [length: number, messages: readonly number[]][] = [
    [0, []],
    [1, [1]],
    [64 * KB, [64 * KB]],
    [64 * KB + 1, [64 * KB, 1]],
  ]
  for (const [length, messages] of cases) {
    it(`of ${length} bytes goes in ${messages.length} messages`, () => {
      deepEqual(
        inputMessages(new Uint8Array(length)).map((message) => message.length),
        messages,
      )
    })
  }
})

describe('acknowledgements', () => {
  it('are cumulative, one for each 64 kB, and one for the rest', () => {
    const acks = new Acknowledgements()
    const sizes = [60 * KB, 3 * KB, 2 * KB, KB, 64 * KB, KB]
    for (const size of sizes) acks.received(size)
    deepEqual(
      sizes.map((size) => acks.shown(size)),
      [null, null, 65 * KB, null, 130 * KB, 131 * KB],
    )
  })

  it('lead to a replay of what was dropped while a page did not draw', () => {
    const ring = new OutputRing()
    const acks = new Acknowledgements()
    const undrawn: number[] = []
    let replayed = 0
    const size = { cols: 80, rows: 24 }
    const connection = {
      send(message: ViewerMessage) {
        if (message.type === 'attached') replayed += message.replayed
      },
      output(output: Uint8Array) {
        // A replay is not acknowledged.
        if (replayed > 0) return
        acks.received(output.length)
        undrawn.push(output.length)
      },
      hold: () => undefined,
      ping: () => undefined,
      close: () => undefined,
    }
    const holder = { by: { name: 'ada', role: 'user' }, isStillAllowed: async () => true } as unknown as TicketHolder
    const viewer = new Viewer(connection, holder, { ring, now: 0 })
    viewer.replay(size, false)
    const print = (kilobytes: number) => {
      ring.append(new Uint8Array(kilobytes * KB))
      viewer.pump(size, 0)
    }
    for (const kilobytes of [100, 100, 100, 250]) print(kilobytes)
    for (let drawn = undrawn.shift(); drawn !== undefined; drawn = undrawn.shift()) {
      const total = acks.shown(drawn)
      if (total !== null && !viewer.acknowledge(total, 0)) throw new Error(`${total} bytes were refused`)
      viewer.pump(size, 0)
    }
    equal(replayed, 256 * KB)
  })
})

describe('output that is on the screen already', () => {
  const cases: readonly [what: string, seen: string, replay: string, unseen: string | null][] = [
    ['is left out', 'abc', 'abcdef', 'def'],
    ['is all there is', 'abc', 'abc', ''],
    ['is nothing', '', 'abc', 'abc'],
    ['is nothing of nothing', '', '', ''],
    ['is not found without its beginning', 'xyzabc', 'zabcdef', null],
    ['is found in the middle', 'abc', 'xxabcdef', 'def'],
    ['is not known to a manager that has restarted', 'abc', '$ ', null],
    ['counts at its first place, so that nothing is left out', 'ab', 'xabab', 'ab'],
  ]
  for (const [what, seen, replay, unseen] of cases) {
    it(what, () => {
      const output = new SeenOutput()
      for (const char of seen) output.add(bytes(char))
      const rest = output.unseenOf(bytes(replay))
      equal(rest && new TextDecoder().decode(rest), unseen)
    })
  }

  it('is found by its latest 64 kB when the manager has dropped what came before', () => {
    const output = new SeenOutput()
    const lines = Array.from({ length: 40_000 }, (_, index) => `line ${index}\n`)
    const all = bytes(lines.join(''))
    output.add(all.slice(0, 300_000))
    deepEqual(output.unseenOf(all.slice(200_000)), all.slice(300_000))
  })

  it('is searched in time that grows with its size, whatever a program writes', () => {
    const output = new SeenOutput()
    output.add(new Uint8Array(64 * KB + 1).fill(97))
    output.add(bytes('b'))
    const started = performance.now()
    equal(output.unseenOf(new Uint8Array(256 * KB).fill(97)), null)
    const took = performance.now() - started
    equal(took < 500, true, `took ${took} ms`)
  })
})

describe('sleep of the machine', () => {
  it('shows in time that passed while it was not awake', () => {
    let day = 1_000_000
    let awake = 0
    const hasSlept = sleepDetector({ day: () => day, awake: () => awake })
    // A timer that is late by a minute, as in a hidden page.
    day += 60_000
    awake += 60_000
    equal(hasSlept(), false)
    day += 3_600_000
    awake += 5_000
    equal(hasSlept(), true)
    equal(hasSlept(), false)
  })
})
