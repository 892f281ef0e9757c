/** Times in requests and answers. */

const DAY = /^(\d{4}-\d{2}-\d{2})$/
const TIME = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

/** Parses an RFC 3339 timestamp, or a day (midnight in UTC). Returns epoch milliseconds, or null when it is neither. */
export function readTime(text: string): number | null {
  const [, day] = DAY.exec(text) ?? TIME.exec(text.toUpperCase()) ?? []
  // February has no 31st, though JavaScript would take it for a day of March.
  if (day === undefined || !isDay(day)) return null
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? null : ms
}

function isDay(day: string): boolean {
  const ms = Date.parse(day)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day)
}

export function time(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

export function optionalTime(epochMs: number | null): string | null {
  return epochMs === null ? null : time(epochMs)
}
