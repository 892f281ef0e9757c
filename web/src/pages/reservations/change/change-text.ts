/** Texts of the dialogs that change a reservation. */
import type { Reservation } from '../../../../../src/client/client.ts'
import { counted, extendRefusal } from '../../../words/reservation-text.ts'
import { clockText, durationText, type TimeWords } from '../../../words/time.ts'

const MINUTE_MS = 60_000

interface Notes {
  /** When the dialog was opened. */
  readonly before: string | null
  readonly now: string | null
  readonly typed: string
}

/** Returns a warning if another person has changed the note since the dialog was opened; null otherwise. */
export function changedMeanwhile({ before, now, typed }: Notes): string | null {
  if (now === before || (now ?? '') === typed.trim()) return null
  if (now === null) return 'The note was removed in the meantime. Saving sets it again.'
  return `The note was changed in the meantime to “${now}”. Saving replaces that.`
}

/** Returns why it cannot be put on hold, or null if it can. */
export function holdRefusal({ state, held_at: heldAt }: Pick<Reservation, 'state' | 'held_at'>): string | null {
  if (state !== 'active') return extendRefusal({ state })
  return heldAt === null ? null : 'It was on hold before, which is possible only once. Extend it instead.'
}

/** Limits from `pools.NAME.hold`, as in GET /v1/pools. */
interface HoldLimits {
  readonly max_seconds: number
  readonly containers: number
}

/** Returns what putting on hold does, and within which limits. */
export function holdConsequence(pool: string, { max_seconds: max, containers }: HoldLimits): string {
  const limit = `for at most ${durationText(max * 1_000)}`
  const most = `Pool ${pool} keeps at most ${counted(containers, 'container', 'containers')} on hold at once.`
  return (
    'After a failure, this keeps the containers for a while, so that you can find the cause. The reservation needs ' +
    `no more keepalive calls. It can be put on hold once, ${limit}. ` +
    `To end the hold early, release the reservation. ${most}`
  )
}

/** Returns "It will end in 30 min, at 15:40: 20 min later than without the hold."; null without a duration. */
export function holdEnd(ms: number | null, expiresAt: string | null, now: number, words: TimeWords): string | null {
  if (ms === null) return null
  const end = `It will end in ${durationText(ms)}, at ${clockText(now + ms, now, words)}`
  if (expiresAt === null) return `${end}.`
  const later = Math.round((now + ms - Date.parse(expiresAt)) / MINUTE_MS) * MINUTE_MS
  if (later === 0) return `${end}, as before.`
  return `${end}: ${durationText(Math.abs(later))} ${later < 0 ? 'earlier' : 'later'} than without the hold.`
}
