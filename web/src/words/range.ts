/** Spans of time in the URL: RFC 3339, a day, or relative to now, such as "now-24h". */

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Returns epoch milliseconds; null for anything else than "now", "now-24h", a day in UTC, or RFC 3339. */
export function readTime(text: string | null, now: number): number | null {
  if (text === null) return null
  if (text === 'now') return now
  const [, amount, unit] = /^now-(\d{1,5})([mhd])$/.exec(text) ?? []
  if (amount !== undefined) return now - Number(amount) * (UNITS_MS[unit ?? ''] ?? 0)
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? null : at
}

/** Returns the value of an `<input type="datetime-local">` for a time, in this browser's zone or in UTC. */
export function minuteInput(at: number | null, utc: boolean): string {
  if (at === null) return ''
  const shift = utc ? 0 : new Date(at).getTimezoneOffset() * 60_000
  return new Date(at - shift).toISOString().slice(0, 16)
}

/** Returns the time of such a field as RFC 3339 in UTC, for the URL; null while it is incomplete. */
export function readMinuteInput(value: string, utc: boolean): string | null {
  const at = Date.parse(utc ? `${value}Z` : value)
  return Number.isNaN(at) ? null : `${new Date(at).toISOString().slice(0, 16)}Z`
}
