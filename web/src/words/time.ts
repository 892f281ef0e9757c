/** Times and durations in words. Durations are in milliseconds, times in epoch milliseconds. */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** Durations above this are shown in whole minutes, below in seconds too. */
const MINUTES_ONLY = 10 * MINUTE

/** Returns "2 d 3 h", "1 h 05 min", "38 min", "4 min 09 s" or "9 s". Negative durations count as 0. */
export function durationText(ms: number): string {
  const left = Math.max(0, ms)
  if (left >= DAY) return joined(left, DAY, 'd', HOUR, 'h')
  if (left >= HOUR) return joined(left, HOUR, 'h', MINUTE, 'min')
  if (left >= MINUTES_ONLY) return `${Math.floor(left / MINUTE)} min`
  if (left >= MINUTE) return joined(left, MINUTE, 'min', SECOND, 's')
  return `${Math.floor(left / SECOND)} s`
}

function joined(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((ms % large) / small)
  const shown = smallUnit === 'h' ? String(rest) : String(rest).padStart(2, '0')
  return rest === 0
    ? `${Math.floor(ms / large)} ${largeUnit}`
    : `${Math.floor(ms / large)} ${largeUnit} ${shown} ${smallUnit}`
}

export interface TimeWords {
  /** IANA name, such as "Europe/Berlin" or "UTC". */
  readonly timeZone: string
  /** BCP 47. */
  readonly locale: string
  /** Cache of formatters, because making one is slow. Without it, each call makes its own. */
  readonly formatters?: Map<string, Intl.DateTimeFormat>
}

const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
const TIME_OF_DAY = { ...CLOCK, second: '2-digit' } as const
const FORMATS = {
  /** To compare days. */
  day: { year: 'numeric', month: 'numeric', day: 'numeric' },
  clock: CLOCK,
  clockOnDay: { ...CLOCK, weekday: 'short', day: 'numeric', month: 'short' },
  timeOfDay: TIME_OF_DAY,
  exact: { ...TIME_OF_DAY, year: 'numeric', month: 'short', day: 'numeric', timeZoneName: 'short' },
} as const satisfies Readonly<Record<string, Intl.DateTimeFormatOptions>>

function formatted(at: number, format: keyof typeof FORMATS, { timeZone, locale, formatters }: TimeWords): string {
  const key = `${locale} ${timeZone} ${format}`
  const formatter = formatters?.get(key) ?? new Intl.DateTimeFormat(locale, { ...FORMATS[format], timeZone })
  formatters?.set(key, formatter)
  return formatter.format(at)
}

/** Returns the time of day, with the date if that is another day than that of `now`: "15:40", "Mon 30 Nov 15:40". */
export function clockText(at: number, now: number, words: TimeWords): string {
  const isToday = formatted(at, 'day', words) === formatted(now, 'day', words)
  return formatted(at, isToday ? 'clock' : 'clockOnDay', words)
}

/** Returns the date and the time to the second, with the name of the zone, for the audit log and for hovering. */
export function exactText(at: number, words: TimeWords): string {
  return formatted(at, 'exact', words)
}

/** Returns "38 min · until 15:40", or "38 min · at 15:40" for what happens then. */
export function untilText(at: number, now: number, words: TimeWords, word: 'until' | 'at' = 'until'): string {
  return `${durationText(at - now)} · ${word} ${clockText(at, now, words)}`
}

interface Left {
  readonly end: number
  /** Text once that time has passed. */
  readonly passed: string
  /** Text before the duration. */
  readonly before: string
  /** Word before the end: something lasts until then, or happens at that time. */
  readonly word?: 'until' | 'at'
}

/** Returns "in 38 min · until 15:40", without the end if `words` is null; `passed` after that time. */
export function leftText({ end, passed, before, word }: Left, now: number, words: TimeWords | null): string {
  if (end <= now) return passed
  return before + (words === null ? durationText(end - now) : untilText(end, now, words, word))
}

/** Returns the time of day to the second: "14:02:11". */
export function timeOfDay(at: number, words: TimeWords): string {
  return formatted(at, 'timeOfDay', words)
}
