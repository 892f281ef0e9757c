/** Which figures are shown: `?from=&to=&pool=` in the URL. `from` and `to` may be relative, such as "now-24h". */
import { readTime } from '../../words/range.ts'

const MINUTE_MS = 60_000

export const RANGES = [
  { from: 'now-1h', label: '1 h' },
  { from: 'now-6h', label: '6 h' },
  { from: 'now-24h', label: '24 h' },
  { from: 'now-7d', label: '7 d' },
  { from: 'now-30d', label: '30 d' },
] as const

const DEFAULT_FROM = 'now-24h'
/** Shortest span that a person can zoom to. */
const MIN_SPAN_MS = MINUTE_MS

export interface TrendsQuery {
  /** null: all pools together. */
  readonly pool: string | null
  /** As in the URL, and as the manager takes it. */
  readonly from: string
  readonly to: string
}

export interface Span {
  readonly from: number
  readonly to: number
}

/** Text that the manager would refuse is replaced by the default, so that an old link shows something. */
export function readTrendsQuery(params: URLSearchParams): TrendsQuery {
  const from = params.get('from') ?? ''
  const to = params.get('to') ?? ''
  return {
    pool: params.get('pool') || null,
    from: readTime(from, 0) === null ? DEFAULT_FROM : from,
    to: readTime(to, 0) === null ? 'now' : to,
  }
}

/** Whether the span ends now, and so moves with the time. */
export function endsNow({ to }: TrendsQuery): boolean {
  return to === 'now'
}

/** Returns the range that is chosen; null for a span that was zoomed to. */
export function rangeOf({ from, to }: TrendsQuery): (typeof RANGES)[number] | null {
  return (to === 'now' && RANGES.find((range) => range.from === from)) || null
}

/** Returns the span between two moments that were dragged over: whole seconds, at least a minute, never the future. */
export function zoomed(one: number, other: number, now: number): Span {
  const from = Math.floor(Math.min(one, other) / 1_000) * 1_000
  const to = Math.ceil(Math.max(one, other) / 1_000) * 1_000
  const missing = Math.max(0, MIN_SPAN_MS - (to - from))
  const end = Math.min(to + Math.ceil(missing / 2), Math.floor(now / 1_000) * 1_000)
  return { from: Math.min(from - Math.floor(missing / 2), end - MIN_SPAN_MS), to: end }
}

/** Returns the span moved by halves of its length, to the past for negative numbers, never beyond the present. */
export function moved({ from, to }: Span, halves: number, now: number): Span {
  const length = to - from
  const end = Math.min(to + (halves * length) / 2, now)
  return wholeSeconds({ from: end - length, to: end })
}

/** Returns a span of twice the length with the same middle, as far as the present allows. */
export function widened({ from, to }: Span, now: number): Span {
  const length = 2 * (to - from)
  const end = Math.min(to + length / 4, now)
  return wholeSeconds({ from: end - length, to: end })
}

function wholeSeconds({ from, to }: Span): Span {
  return { from: Math.floor(from / 1_000) * 1_000, to: Math.floor(to / 1_000) * 1_000 }
}

/** Returns the parameters of the URL for a span; a pool stays chosen. */
export function withSpan(params: URLSearchParams, span: { readonly from: string; readonly to: string | null }) {
  const next = new URLSearchParams(params)
  next.set('from', span.from)
  if (span.to === null) next.delete('to')
  else next.set('to', span.to)
  return next
}

/** Returns the address of the page of events for a step; at least a minute, because refusals are counted by minute. */
export function eventsPath(at: number, stepMs: number, pool: string | null): string {
  const from = stepMs < MINUTE_MS ? Math.floor(at / MINUTE_MS) * MINUTE_MS : at
  const to = from + Math.max(stepMs, MINUTE_MS)
  const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z')
  return `/events?${new URLSearchParams({ from: iso(from), to: iso(to), ...(pool !== null && { pool }) })}`
}

/** Returns the path of the same figures as CSV. */
export function csvPath({ pool, from, to }: TrendsQuery): string {
  return `/v1/series?${new URLSearchParams({ ...(pool !== null && { pool }), from, to, format: 'csv' })}`
}
