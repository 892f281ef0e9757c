/** Times as people say them. */

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** 5 400 000 -> "1h 30m". */
export function roughly(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / 1000))}s`
  const minutes = Math.round(ms / MINUTE)
  if (minutes < 60) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return joined(hours, 'h', minutes % 60, 'm')
  return joined(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

/** What is left until then, or "" when there is no such time. */
export function left(until: string | null, now: number): string {
  return until === null ? '' : roughly(Date.parse(until) - now)
}

/** "14:30" today, "Tue 14:30" within a week, else "2026-11-24 14:30", in the time zone of whoever reads it. */
export function clockTime(time: string, now: number, to: 'minutes' | 'seconds' = 'minutes'): string {
  const date = new Date(time)
  const two = (part: number) => String(part).padStart(2, '0')
  const parts = [date.getHours(), date.getMinutes(), ...(to === 'seconds' ? [date.getSeconds()] : [])]
  const hour = parts.map(two).join(':')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  if (new Date(now).toDateString() === date.toDateString()) return hour
  if (Math.abs(date.getTime() - now) < 6 * DAY) return `${date.toLocaleDateString('en', { weekday: 'short' })} ${hour}`
  return `${day} ${hour}`
}

function joined(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit} ${small}${smallUnit}`
}
