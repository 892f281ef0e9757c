/** Which usage is shown: `?by=&from=&to=` in the URL, from and to also relative, such as "now-30d". */
import { readTime } from '../../words/range.ts'

export const GROUPINGS = ['user', 'username', 'pool', 'day'] as const
export type Grouping = (typeof GROUPINGS)[number]

export const GROUPING_WORDS: Readonly<Record<Grouping, string>> = {
  user: 'owner',
  username: 'account',
  pool: 'pool',
  day: 'day (UTC)',
}

export const RANGES = [
  { from: 'now-24h', label: '24 hours' },
  { from: 'now-7d', label: '7 days' },
  { from: 'now-30d', label: '30 days' },
  { from: 'now-90d', label: '90 days' },
] as const

const DEFAULT_FROM = 'now-30d'

export interface UsageQuery {
  readonly by: Grouping
  /** As in the URL. */
  readonly fromText: string
  /** RFC 3339, as the manager takes it. */
  readonly from: string
  readonly to: string
}

export function readUsageQuery(params: URLSearchParams, now: number): UsageQuery {
  const by = GROUPINGS.find((one) => one === params.get('by')) ?? 'user'
  const wanted = params.get('from') ?? DEFAULT_FROM
  const fromText = readTime(wanted, now) === null ? DEFAULT_FROM : wanted
  const iso = (at: number) => new Date(at).toISOString()
  const from = iso(readTime(fromText, now) ?? now)
  return { by, fromText, from, to: iso(readTime(params.get('to'), now) ?? now) }
}

/** Returns the path of the same figures as CSV. */
export function csvPath({ by, from, to }: UsageQuery): string {
  return `/v1/usage?${new URLSearchParams({ by, from, to, format: 'csv' })}`
}

/** Returns "2 h 05 min" of container time as hours with one digit: "2.1". */
export function hours(minutes: number): string {
  return (minutes / 60).toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
}
