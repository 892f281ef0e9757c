/** Durations: as written in berth.yml and in the API, and in words for people. */
import { counted } from './counted.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const SIMPLE = /^(\d{1,10}(?:\.\d{1,10})?)\s*([smhd])$/i
/** ISO 8601 without years and months, whose length varies: "P1DT2H30M". */
const ISO = /^P(?=\w)(?:(\d{1,10})D)?(?:T(?=\w)(?:(\d{1,10})H)?(?:(\d{1,10})M)?(?:(\d{1,10})S)?)?$/

/** Returns "90s", "60m", "1.5h", "7d" or ISO 8601 ("PT1H30M") in milliseconds; null for anything else. */
export function parseDuration(text: string): number | null {
  const [, amount, unit] = SIMPLE.exec(text) ?? []
  if (amount !== undefined && unit !== undefined)
    return Math.round(Number(amount) * (UNITS_MS[unit.toLowerCase()] ?? 0))
  const iso = ISO.exec(text)
  if (!iso) return null
  const [days, hours, minutes, seconds] = iso.slice(1).map((part) => Number(part ?? 0))
  return (days ?? 0) * 86_400_000 + (hours ?? 0) * 3_600_000 + (minutes ?? 0) * 60_000 + (seconds ?? 0) * 1_000
}

/** Formats milliseconds for people: 5400000 -> "90m", 7200000 -> "2h". */
export function formatDuration(ms: number): string {
  const unit = ['d', 'h', 'm'].find((name) => ms >= (UNITS_MS[name] ?? 0) && ms % (UNITS_MS[name] ?? 1) === 0)
  return unit === undefined ? `${ms / 1_000}s` : `${ms / (UNITS_MS[unit] ?? 1)}${unit}`
}

/** Returns "2 h 5 min", "12 min" or "45 s", rounded down. */
export function shortSpan(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / SECOND_MS))} s`
  const minutes = Math.floor(ms / MINUTE_MS)
  const hours = Math.floor(minutes / 60)
  return [...(hours > 0 ? [`${hours} h`] : []), ...(minutes % 60 > 0 ? [`${minutes % 60} min`] : [])].join(' ')
}

/** Returns "12 minutes" or "45 seconds", rounded down. */
export function longSpan(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS)
  return minutes > 0 ? counted(minutes, 'minute') : counted(Math.max(0, Math.floor(ms / SECOND_MS)), 'second')
}
