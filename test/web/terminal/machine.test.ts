import { deepEqual, equal, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { advance, FIRST, type LinkEvent, type LinkState } from '../../../web/src/terminal/connection/machine.ts'

const NOW = 1_000_000
const ATTACHED: LinkState = { kind: 'attached' }
const LOST: LinkState = { kind: 'waiting', attempt: 0, lostAt: NOW, reason: 'x', pauseMs: 400 }
const AGAIN: LinkState = { kind: 'connecting', attempt: 1, lostAt: NOW }
const ENDED: LinkState = { kind: 'ended', why: 'expired', reason: 'Time was up.', at: '2026-11-29T15:40:00Z' }

const closed = (code: number, reason = ''): LinkEvent => ({ type: 'closed', code, reason, now: NOW })
const refused = (of: 'shell' | 'ticket', status: number): LinkEvent => {
  return { type: 'refused', of, status, message: 'No.', now: NOW }
}

/** The state in words, with what determines the next state. */
function words(state: LinkState): string {
  if (state.kind === 'stopped') return `stopped ${state.why}: ${state.reason}`
  if (state.kind === 'ended') return `ended ${state.why}: ${state.reason}`
  if (state.kind === 'attached') return 'attached'
  return `${state.kind}, attempt ${state.attempt}, ${state.lostAt === null ? 'never connected' : 'lost'}`
}

describe('the connection of a terminal', () => {
  const cases: readonly [what: string, from: LinkState, event: LinkEvent, to: string][] = [
    ['opens', FIRST, { type: 'attached' }, 'attached'],
    ['retries after network loss', ATTACHED, closed(1006), 'waiting, attempt 0, lost'],
    ['retries after a restart of the manager', ATTACHED, closed(1012), 'waiting, attempt 0, lost'],
    ['retries when the engine closed the connection', ATTACHED, closed(1013), 'waiting, attempt 0, lost'],
    ['retries after a close code of a later version', ATTACHED, closed(4999), 'waiting, attempt 0, lost'],
    ['connects when the pause is over', LOST, { type: 'retry' }, 'connecting, attempt 1, lost'],
    ['does not connect twice', AGAIN, { type: 'retry' }, 'connecting, attempt 1, lost'],
    ['stays connected when asked to hurry', ATTACHED, { type: 'retry' }, 'attached'],
    ['waits for a manager that is away', AGAIN, refused('ticket', 502), 'waiting, attempt 1, lost'],
    [
      'waits for a manager that does not answer',
      FIRST,
      { type: 'unreachable', message: 'x', now: NOW },
      'waiting, attempt 1, never connected',
    ],
    ['stops when signed out', ATTACHED, closed(4401), 'stopped signed-out: You are no longer signed in.'],
    ['stops when signed out meanwhile', AGAIN, refused('ticket', 401), 'stopped signed-out: No.'],
    ['stops when the shell is gone', AGAIN, refused('ticket', 404), 'stopped gone: No.'],
    ['stops when the container is not the caller’s', FIRST, refused('shell', 404), 'stopped refused: No.'],
    ['stops when there are too many', FIRST, refused('shell', 429), 'stopped refused: No.'],
    ['says the manager’s reason', ATTACHED, closed(4429, '10 are open.'), 'stopped refused: 10 are open.'],
    ['stops when the container is replaced', ATTACHED, closed(4409, 'Reset.'), 'stopped replaced: Reset.'],
    ['ends without a message before the close', ATTACHED, closed(4410, 'Released.'), 'ended over: Released.'],
    ['keeps the reason over the close', ENDED, closed(4410, 'other'), 'ended expired: Time was up.'],
    ['stays ended', ENDED, { type: 'retry' }, 'ended expired: Time was up.'],
    ['stays ended after a late answer', ENDED, { type: 'attached' }, 'ended expired: Time was up.'],
    ['opens another shell', ENDED, { type: 'renew' }, 'connecting, attempt 1, never connected'],
  ]
  for (const [what, from, event, to] of cases) it(what, () => equal(words(advance(from, event, 0.5)), to))

  it('says when and why it ended', () => {
    deepEqual(advance(ATTACHED, { type: 'ended', why: 'expired', reason: 'Time was up.', at: ENDED.at }, 0), ENDED)
  })

  it('says why it waits', () => {
    const reasons = [1006, 1012, 1013].map((code) => {
      const state = advance(ATTACHED, closed(code), 0)
      return state.kind === 'waiting' ? state.reason : state.kind
    })
    deepEqual(reasons, [
      'The connection was lost.',
      'The manager is restarting.',
      'The manager does not reach the shell.',
    ])
  })

  it('waits longer after each attempt, up to 30 s', () => {
    const pauses: number[] = []
    let state: LinkState = ATTACHED
    for (let attempt = 0; attempt < 9; attempt++) {
      state = advance(state, closed(1006), 1)
      ok(state.kind === 'waiting')
      pauses.push(state.pauseMs)
      state = advance(state, { type: 'retry' }, 1)
    }
    deepEqual(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  it('spreads the attempts of many pages, with a minimum pause', () => {
    const pauseAt = (random: number) => {
      const state = advance(ATTACHED, closed(1006), random)
      return state.kind === 'waiting' ? state.pauseMs : null
    }
    deepEqual([0, 0.5, 1].map(pauseAt), [250, 375, 500])
  })

  it('keeps the time of the loss over all attempts', () => {
    let state = advance(ATTACHED, closed(1006), 0)
    state = advance(state, { type: 'retry' }, 0)
    state = advance(state, { type: 'closed', code: 1006, reason: '', now: NOW + 5_000 }, 0)
    equal(state.kind === 'waiting' && state.lostAt, NOW)
  })
})
