/**
 * The only place that reads the `detail` of events, which the manager writes for people: the API has no fields for an
 * end, an outcome or a substitution. `test/web/event-details.test.ts` compares it with what the manager writes.
 */

/** Returns the new end of an extension or a hold, epoch milliseconds; null for other text. */
export function endIn(detail: string | null): number | null {
  const [, time] = /^until (\S+)$/.exec(detail ?? '') ?? []
  const end = Date.parse(time ?? '')
  return Number.isNaN(end) ? null : end
}

export interface Substitution {
  readonly from: string
  readonly to: string
  readonly reason: string
}

/** Reads "alpine-1 -> alpine-2: REASON"; null for other text. */
export function substitutionIn(detail: string | null): Substitution | null {
  const [, from, to, reason] = /^(\S+) -> (\S+?): (.*)$/s.exec(detail ?? '') ?? []
  return from === undefined || to === undefined ? null : { from, to, reason: reason ?? '' }
}

/** Outcomes that have their own words; others are shown as the manager writes them. */
const OUTCOMES = ['released', 'expired', 'abandoned'] as const

/** Returns how a reservation ended, if it has its own words. */
export function outcomeIn(detail: string | null): (typeof OUTCOMES)[number] | null {
  return OUTCOMES.find((outcome) => outcome === detail) ?? null
}
