/** Durations as written in berth.yml and in the API. */

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
