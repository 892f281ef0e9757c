/** Durations and times as people write them. */

const MINUTE_MS = 60_000
/** Within this time the name of a weekday is unambiguous. */
const WEEKDAY_MS = 6 * 24 * 60 * MINUTE_MS

/** 5_400_000 -> "1h 30m" */
export function formatDuration(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.round(ms / 1000))}s`
  const minutes = Math.round(ms / MINUTE_MS)
  if (minutes < 60) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return joined(hours, 'h', minutes % 60, 'm')
  return joined(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

/** Returns the time left until then; "" without such a time. */
export function timeLeft(until: string | null, now: number): string {
  return until === null ? '' : formatDuration(Date.parse(until) - now)
}

/** "14:30" today, "Tue 14:30" within a week, else "2026-11-24 14:30", in the local time zone. */
export function formatTime(time: string, now: number, to: 'minutes' | 'seconds' = 'minutes'): string {
  const date = new Date(time)
  const two = (part: number) => String(part).padStart(2, '0')
  const parts = [date.getHours(), date.getMinutes(), ...(to === 'seconds' ? [date.getSeconds()] : [])]
  const hour = parts.map(two).join(':')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  if (new Date(now).toDateString() === date.toDateString()) return hour
  const isNear = Math.abs(date.getTime() - now) < WEEKDAY_MS
  return isNear ? `${date.toLocaleDateString('en', { weekday: 'short' })} ${hour}` : `${day} ${hour}`
}

function joined(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit} ${small}${smallUnit}`
}
