/** Durations and clock times as people write them. The API takes fewer forms; the command translates. */
import { formatDuration, parseDuration } from '../../domain/text/duration.ts'

const UNITS_MS: readonly (readonly [pattern: RegExp, ms: number])[] = [
  [/^s(ec(ond)?s?)?$/, 1_000],
  [/^m(in(ute)?s?)?$/, 60_000],
  [/^h((ou)?rs?)?$/, 3_600_000],
  [/^d(ays?)?$/, 86_400_000],
  [/^w((ee)?ks?)?$/, 7 * 86_400_000],
]
const PART = /^(\d{1,6}(?:\.\d{1,3})?)\s*([a-z]+)(?:\s*(?:,|and\b))?\s*/
/** "1h30": what follows the hours are minutes. */
const HOURS_AND_MINUTES = /^(\d{1,4})h([0-5]\d)$/

/** Returns a duration as the API takes it: "2 weeks" -> "14d", "1h 30min" -> "90m". Returns null for anything else. */
export function readDuration(text: string): string | null {
  if (parseDuration(text) !== null) return text
  const lower = text.trim().toLowerCase()
  const [, hours, minutes] = HOURS_AND_MINUTES.exec(lower) ?? []
  if (hours !== undefined && minutes !== undefined) return `${Number(hours) * 60 + Number(minutes)}m`
  let ms = 0
  let rest = lower
  while (rest !== '') {
    const [whole, amount, unit = ''] = PART.exec(rest) ?? []
    const [, unitMs] = UNITS_MS.find(([pattern]) => pattern.test(unit)) ?? []
    if (whole === undefined || unitMs === undefined) return null
    ms += Number(amount) * unitMs
    rest = rest.slice(whole.length)
  }
  return ms > 0 ? formatDuration(Math.round(ms)) : null
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const CLOCK =
  /^(?:(today|tomorrow|(?:sun|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?)(?:day)?)(?:\s+at)?\s+)?(\d{1,2})(?::([0-5]\d))?\s*(am|pm)?$/

/**
 * Returns the next time that a clock shows this: "18:30", "6:30pm", "tomorrow 9:00", "fri 10:00". Local time. Returns
 * null for anything else.
 */
export function readClockTime(text: string, now: number): Date | null {
  const [, day, hour, minute, half] = CLOCK.exec(text.trim().toLowerCase()) ?? []
  // "10" alone may be minutes, hours or a time.
  if (hour === undefined || (minute === undefined && half === undefined && day === undefined)) return null
  const isHalf = half !== undefined
  if (Number(hour) > (isHalf ? 12 : 23) || (isHalf && Number(hour) === 0)) return null
  const hours = isHalf ? (Number(hour) % 12) + (half === 'pm' ? 12 : 0) : Number(hour)
  const time = new Date(now)
  time.setHours(hours, Number(minute ?? 0), 0, 0)
  const moveBy = (days: number) => void time.setDate(time.getDate() + days)
  if (day === 'tomorrow') moveBy(1)
  else if (day !== undefined && day !== 'today') moveBy((DAYS.indexOf(day.slice(0, 3)) - time.getDay() + 7) % 7)
  if (time.getTime() <= now && day !== 'today') moveBy(day === undefined ? 1 : 7)
  return time
}
