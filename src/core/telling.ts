/** Saying inside the containers what is due: at least once in each, and never after the end. */
import type { Clock } from './clock.ts'
import type { Container } from './container.ts'
import { BerthError } from './errors.ts'
import { dueNotice, lineOf, motdOf, type Notice } from './notices.ts'
import type { Accounts } from './ports.ts'
import type { Store } from './store.ts'

/** Pause after an attempt that did not reach everybody, in milliseconds; it doubles with each one. */
const FIRST_PAUSE = 5_000
const LONGEST_PAUSE = 60_000
/** What has not been tried for so long is over. */
const FORGET = 10 * LONGEST_PAUSE

interface TellingContext {
  readonly store: Store
  readonly accounts: Accounts
  readonly clock: Clock
}

/** One that did not reach everybody. Lost with the process: some hear it twice then. */
interface Attempt {
  readonly at: number
  readonly notice: Notice
  readonly pause: number
  /** The engine's ids of the containers where it was. */
  readonly told: ReadonlySet<string | null>
}

export interface Teller {
  /** This was tried a moment ago. */
  isPausing(id: string, notice: Notice): boolean
  /** Tells a reservation's containers that have not been told; `up` are those where that can be done. Throws the first failure. */
  tell(id: string, up: readonly Container[]): Promise<void>
}

export function createTeller({ store, accounts, clock }: TellingContext): Teller {
  const attempts = new Map<string, Attempt>()

  function earlier(id: string, { end, left }: Notice): Attempt | undefined {
    const attempt = attempts.get(id)
    return attempt?.notice.end === end && attempt.notice.left === left ? attempt : undefined
  }

  function remember(id: string, attempt: Attempt): void {
    for (const [other, { at }] of attempts) if (Math.abs(attempt.at - at) > FORGET) attempts.delete(other)
    attempts.set(id, attempt)
  }

  async function tell(id: string, up: readonly Container[]): Promise<void> {
    const reservation = await store.reservation(id)
    const now = clock()
    // It was planned from an older look, and may have waited for others: the end may have come, or may have been moved.
    const notice = reservation && dueNotice(reservation, now)
    if (!notice) return
    const { end, left } = notice
    const before = earlier(id, notice)
    const pause = before ? Math.min(2 * before.pause, LONGEST_PAUSE) : FIRST_PAUSE
    const told = new Set(before?.told)
    // Before it is known how it goes: it may go wrong in any way.
    remember(id, { at: now, notice, pause, told })
    const rest = up.filter(({ engineId }) => !told.has(engineId))
    const outcomes = await accounts.tell(
      rest.map(({ engineId, name }) => ({ id: engineId ?? '', name })),
      { username: reservation.username, motd: motdOf(reservation, end), line: lineOf(reservation, notice, now) },
    )
    for (const { name, engineId } of rest) if (outcomes.get(name) === null) told.add(engineId)
    const missed = rest.find(({ engineId }) => !told.has(engineId))
    if (missed) throw outcomes.get(missed.name) ?? new BerthError('guest_failed', `${missed.name}: no outcome`)
    if (up.length < reservation.holds.length) return
    await store.recordTold(id, end, left)
    attempts.delete(id)
  }

  return {
    isPausing(id, notice) {
      const before = earlier(id, notice)
      const since = clock() - (before?.at ?? 0)
      return before !== undefined && since >= 0 && since < before.pause
    },
    tell,
  }
}
