/** Answers that are made once for everybody who gets the same, for as long as they are right. */
import type { Identity } from '../core/identity.ts'
import type { Snapshot } from '../core/store.ts'
import { type Representation, representationOf } from './conditional.ts'

/** Characters of all of them. Those that would be more are made each time. */
const MOST = 16 * 1024 ** 2

export interface Made {
  readonly text: string
  /** What it says of this snapshot may be something else from then on, epoch milliseconds. */
  readonly until: number
}

export interface KeptAnswers {
  /** `key` names what is asked for, and everything about whoever asks that makes a difference. */
  of(snapshot: Snapshot, key: string, now: number, make: () => Made): Kept
}

/** Right from a moment on until another one, epoch milliseconds, as long as this is what the rows say. */
export interface Kept extends Representation {
  readonly snapshot: Snapshot
  readonly from: number
  readonly until: number
  readonly size: number
}

/** All that makes a difference to what somebody sees (`maySee`): admins see the same. */
export function viewerOf({ role, name }: Identity): string {
  return role === 'admin' ? 'admin' : `user ${name}`
}

/** Not after the clock was set back, either. */
export function isRight({ snapshot, from, until }: Kept, current: Snapshot, now: number): boolean {
  return snapshot === current && from <= now && now < until
}

export function keepAnswers(most = MOST): KeptAnswers {
  const kept = new Map<string, Kept>()
  let current: Snapshot | null = null
  let size = 0

  function forget(): void {
    kept.clear()
    size = 0
  }

  return {
    of(snapshot, key, now, make) {
      if (snapshot !== current) forget()
      current = snapshot
      const before = kept.get(key)
      if (before && isRight(before, snapshot, now)) return before
      const { text, until } = make()
      const answer = { ...representationOf(text), snapshot, from: now, until, size: text.length }
      size += text.length - (before?.size ?? 0)
      kept.set(key, answer)
      if (size > most) forget()
      return answer
    },
  }
}
