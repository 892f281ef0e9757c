import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Reservation } from '../../../web/src/api/types.ts'
import type { LinkState } from '../../../web/src/terminal/connection/machine.ts'
import { isBusy } from '../../../web/src/terminal/view/busy.ts'
import { nextStep, noteText, statusText } from '../../../web/src/terminal/ending/status-words.ts'
import { controlInput, keyInput } from '../../../web/src/terminal/input/touch-input.ts'
import {
  titlePrefix,
  type WarningLevel,
  warningLevel,
  warningsOf,
  warningText,
  withoutPrefix,
} from '../../../web/src/terminal/ending/warning.ts'

const WORDS = { timeZone: 'UTC', locale: 'en-GB' }
const at = (time: string) => Date.parse(`2026-11-29T${time}Z`)
const MINUTE = 60_000

describe('warnings before the end', () => {
  const cases: readonly [lasts: number, left: number, level: WarningLevel | null][] = [
    [60, 30, null],
    [60, 10, 10],
    [60, 5, 10],
    [60, 1, 1],
    [60, 0.1, 1],
    [60, 0, null],
    [60, -1, null],
    // Never longer than ten minutes: it does not begin with a warning.
    [10, 10, null],
    [2, 2, null],
    [2, 1, 1],
    [1, 0.9, null],
  ]
  for (const [lasts, left, level] of cases) {
    it(`${left} of ${lasts} min left: ${level ?? 'none'}`, () => {
      const expiresAt = at('15:40:00')
      const times = { activeAt: expiresAt - lasts * MINUTE, expiresAt }
      equal(warningLevel(times, expiresAt - left * MINUTE), level)
    })
  }

  it('say which containers end when', () => {
    const times = { activeAt: 0, expiresAt: at('15:40:00') }
    equal(warningText(['alpine-3'], 10, times, WORDS), 'alpine-3 will end at 15:40, in less than 10 minutes.')
    equal(
      warningText(['a-1', 'a-2', 'a-3'], 1, times, WORDS),
      'a-1 and 2 more will end at 15:40, in less than 1 minute.',
    )
  })

  it('stand before the title of the window', () => {
    equal(titlePrefix(9.2 * MINUTE), '⚠ 10 min · ')
    equal(titlePrefix(42_000), '⚠ 42 s · ')
    equal(withoutPrefix(`${titlePrefix(42_000)}alpine-3 · Berth`), 'alpine-3 · Berth')
    equal(withoutPrefix('alpine-3 · Berth'), 'alpine-3 · Berth')
  })

  it('are in the order of the ends, without reservations that have longer', () => {
    const held = [9, 30, 5].map((left) => ({
      reservation: { id: `${left}` } as Reservation,
      activeAt: new Date(at('14:00:00')).toISOString(),
      expiresAt: new Date(at('15:00:00') + left * MINUTE).toISOString(),
    }))
    deepEqual(
      warningsOf(held, at('15:00:00')).map(({ reservation }) => reservation.id),
      ['5', '9'],
    )
  })
})

describe('words about the connection', () => {
  const lostAt = at('14:02:11')
  const cases: readonly [state: LinkState, text: string | null, next: string | null][] = [
    [{ kind: 'attached' }, null, null],
    [{ kind: 'connecting', attempt: 1, lostAt: null }, 'Opening a shell in alpine-3 …', null],
    [
      { kind: 'connecting', attempt: 2, lostAt },
      'Connection lost at 14:02:11. Connecting again … Typed text is not sent.',
      null,
    ],
    [
      { kind: 'waiting', attempt: 2, lostAt, reason: 'The manager is restarting.', pauseMs: 500 },
      'The manager is restarting. Not connected since 14:02:11. Typed text is not sent.',
      null,
    ],
    [
      { kind: 'ended', why: 'expired', reason: 'The time was up.', at: '2026-11-29T15:40:00Z' },
      'alpine-3 ended at 15:40:00. The time was up.',
      'reserve-again',
    ],
    [
      {
        kind: 'ended',
        why: 'exited',
        reason: 'The shell in alpine-3 exited at 15:40 UTC.',
        at: '2026-11-29T15:40:00Z',
      },
      'The shell in alpine-3 exited at 15:40:00.',
      'new-shell',
    ],
    [
      { kind: 'ended', why: 'reset', reason: 'It was reset.', at: '2026-11-29T15:40:00Z' },
      'The shell in alpine-3 ended at 15:40:00. It was reset.',
      'new-shell',
    ],
    [{ kind: 'stopped', why: 'signed-out', reason: 'Signed out.' }, 'Signed out.', 'sign-in'],
    [{ kind: 'stopped', why: 'gone', reason: 'Gone.' }, 'Gone.', 'new-shell'],
    [{ kind: 'stopped', why: 'refused', reason: 'No.' }, 'No.', 'try-again'],
  ]
  for (const [state, text, next] of cases) {
    it(text ?? 'none while everything works', () => {
      deepEqual([statusText('alpine-3', state, WORDS), nextStep(state)], [text, next])
    })
  }

  it('stay in the text of the shell', () => {
    const now = at('14:02:20')
    equal(noteText('reconnected', lostAt, now, WORDS), '── connection lost 14:02:11, reconnected 14:02:20 ──')
    equal(
      noteText('gap', lostAt, now, WORDS),
      '── output may be missing: connection lost 14:02:11, reconnected 14:02:20 ──',
    )
    equal(
      noteText('lost', lostAt, now, WORDS),
      '── connection lost 14:02:11, and the shell ended meanwhile; this is a new one ──',
    )
  })
})

describe('keys of touch screens', () => {
  it('send what is in the line before them', () => {
    equal(keyInput('Tab', 'cat fi', false), 'cat fi\t')
    equal(keyInput('Esc', '', false), '\u001b')
  })

  it('send arrows as the program wants them', () => {
    equal(keyInput('ArrowUp', '', false), '\u001b[A')
    equal(keyInput('ArrowUp', '', true), '\u001bOA')
    equal(keyInput('Esc', '', true), '\u001b')
  })

  const controls: readonly [char: string, input: string | null][] = [
    ['c', '\u0003'],
    ['C', '\u0003'],
    ['[', '\u001b'],
    ['1', null],
    ['ä', null],
  ]
  for (const [char, input] of controls) {
    it(`Ctrl+${char} is ${JSON.stringify(input)}`, () => equal(controlInput(char), input))
  }
})

describe('closing the window', () => {
  const cases: readonly [what: string, attached: boolean, fullScreen: boolean, quietMs: number, asks: boolean][] = [
    ['asks just after output or typing', true, false, 2_000, true],
    ['does not ask when it is quiet', true, false, 31_000, false],
    ['asks while an editor is open', true, true, 3_600_000, true],
    ['does not ask when the shell is over', false, true, 0, false],
  ]
  for (const [what, attached, fullScreen, quietMs, asks] of cases) {
    it(what, () => equal(isBusy({ attached, fullScreen, activeAt: 1_000_000 }, 1_000_000 + quietMs), asks))
  }
})
