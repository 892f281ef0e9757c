/** Who used how many containers for how long: the basis of a bill or of capacity planning. */

/** What usage needs to know of one reservation. Times are epoch milliseconds. */
export interface UsageRecord {
  readonly pool: string
  readonly owner: string
  readonly username: string
  readonly count: number
  readonly createdAt: number
  /** null if it was never active. */
  readonly activeAt: number | null
  /** When access ended or will end; null while it waits. */
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

const DAY_MS = 86_400_000

/** Sums up usage between two times by owner, account, pool or day (UTC), sorted by key. */
export function usageOf(
  records: readonly UsageRecord[],
  { from, to, by, now }: { from: number; to: number; by: UsageKey; now: number },
): UsageRow[] {
  const sums = new Map<string, { reservations: number; ms: number; waits: number; waitMs: number }>()
  const sumOf = (key: string) => {
    const sum = sums.get(key) ?? { reservations: 0, ms: 0, waits: 0, waitMs: 0 }
    sums.set(key, sum)
    return sum
  }
  for (const record of records) {
    for (const { key, begin, end } of spansOf(record, { from, to: Math.min(to, now), by })) {
      const sum = sumOf(key)
      sum.reservations += 1
      sum.ms += (end - begin) * record.count
    }
    if (!record.waited || record.createdAt < from || record.createdAt >= to) continue
    const sum = sumOf(keyOf(record, by, record.createdAt))
    sum.waits += 1
    sum.waitMs += Math.max(0, (record.activeAt ?? record.endsAt ?? now) - record.createdAt)
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { reservations, ms, waits, waitMs }]) => ({
      key,
      reservations,
      containerMinutes: Math.round(ms / 600) / 100,
      waits,
      waitSeconds: Math.round(waitMs / 1_000),
    }))
}

interface Span {
  readonly key: string
  readonly begin: number
  readonly end: number
}

/** Returns the parts of a reservation that lie in the span: one per day if the key is the day. */
function spansOf(record: UsageRecord, { from, to, by }: { from: number; to: number; by: UsageKey }): Span[] {
  if (record.activeAt === null) return []
  const begin = Math.max(from, record.activeAt)
  const end = Math.min(to, record.endsAt ?? to)
  if (begin >= end) return []
  if (by !== 'day') return [{ key: keyOf(record, by, begin), begin, end }]
  const spans: Span[] = []
  for (let at = begin; at < end; ) {
    const next = Math.min(end, (Math.floor(at / DAY_MS) + 1) * DAY_MS)
    spans.push({ key: keyOf(record, by, at), begin: at, end: next })
    at = next
  }
  return spans
}

function keyOf(record: UsageRecord, by: UsageKey, at: number): string {
  if (by === 'user') return record.owner
  if (by === 'day') return new Date(at).toISOString().slice(0, 10)
  return record[by]
}
