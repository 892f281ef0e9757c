/** Who had how much for how long: what a bill, or a plea for more machines, is made of. */

/** One reservation, as far as usage goes. Times are epoch milliseconds. */
export interface Lent {
  readonly pool: string
  readonly owner: string
  readonly username: string
  readonly count: number
  readonly createdAt: number
  /** null: it was never active. */
  readonly activeAt: number | null
  /** When access ended, or ends; null while it waits. */
  readonly endsAt: number | null
  /** Whether it had to wait in the queue. */
  readonly waited: boolean
}

export type UsageKey = 'user' | 'username' | 'pool' | 'day'

export interface UsageRow {
  readonly key: string
  /** Reservations that were active in the span. */
  readonly reservations: number
  readonly containerMinutes: number
  /** Reservations that began to wait in the span, and for how long all of them together. */
  readonly waits: number
  readonly waitSeconds: number
}

const DAY = 86_400_000

/** Sums up what was lent between two moments, by owner, account, pool or day (UTC); sorted by key. */
export function usageOf(
  lent: readonly Lent[],
  { from, to, by, now }: { from: number; to: number; by: UsageKey; now: number },
): UsageRow[] {
  const sums = new Map<string, { reservations: number; ms: number; waits: number; waitMs: number }>()
  const sumOf = (key: string) => {
    const sum = sums.get(key) ?? { reservations: 0, ms: 0, waits: 0, waitMs: 0 }
    sums.set(key, sum)
    return sum
  }
  for (const one of lent) {
    for (const { key, begin, end } of spansOf(one, { from, to: Math.min(to, now), by })) {
      const sum = sumOf(key)
      sum.reservations += 1
      sum.ms += (end - begin) * one.count
    }
    if (!one.waited || one.createdAt < from || one.createdAt >= to) continue
    const sum = sumOf(keyOf(one, by, one.createdAt))
    sum.waits += 1
    sum.waitMs += Math.max(0, (one.activeAt ?? one.endsAt ?? now) - one.createdAt)
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { reservations, ms, waits, waitMs }]) => ({
      ...{ key, reservations, containerMinutes: Math.round(ms / 600) / 100 },
      ...{ waits, waitSeconds: Math.round(waitMs / 1_000) },
    }))
}

interface Span {
  readonly key: string
  readonly begin: number
  readonly end: number
}

/** The parts of a reservation that lie in the span; one for each day when that is the key. */
function spansOf(one: Lent, { from, to, by }: { from: number; to: number; by: UsageKey }): Span[] {
  if (one.activeAt === null) return []
  const begin = Math.max(from, one.activeAt)
  const end = Math.min(to, one.endsAt ?? to)
  if (begin >= end) return []
  if (by !== 'day') return [{ key: keyOf(one, by, begin), begin, end }]
  const spans: Span[] = []
  for (let at = begin; at < end; ) {
    const next = Math.min(end, (Math.floor(at / DAY) + 1) * DAY)
    spans.push({ key: keyOf(one, by, at), begin: at, end: next })
    at = next
  }
  return spans
}

function keyOf(one: Lent, by: UsageKey, at: number): string {
  if (by === 'user') return one.owner
  if (by === 'day') return new Date(at).toISOString().slice(0, 10)
  return one[by]
}
