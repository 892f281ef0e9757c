/** Reads durations and end times as people type them: "90m", "2 h", "45" (minutes), "until 15:40", "15:40". */
import { clockText, durationText, type TimeWords } from './time.ts'

const MINUTE = 60_000
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: MINUTE, h: 60 * MINUTE, d: 24 * 60 * MINUTE }
const DURATION = /^(\d{1,6}(?:[.,]\d{1,3})?)\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)?$/i
const CLOCK = /^(?:until\s+)?([01]?\d|2[0-3])[:.]([0-5]\d)$/i

export interface ReadEnd {
  /** As the API takes it. Unreadable text stays as it was typed, so that the manager reports what is wrong. */
  readonly duration: string
  /** null if it cannot be read. */
  readonly ms: number | null
  readonly isClock: boolean
}

/** Returns what was typed; null for an empty field, which means the pool's default. */
export function readEnd(text: string, now: number, words: TimeWords): ReadEnd | null {
  const typed = text.trim()
  if (typed === '') return null
  const [, hours, minutes] = CLOCK.exec(typed) ?? []
  if (hours !== undefined && minutes !== undefined) {
    const ms = nextTimeOfDay(Number(hours) * 60 + Number(minutes), now, words) - now
    return { duration: `${Math.ceil(ms / 1_000)}s`, ms, isClock: true }
  }
  const [, amount, unit = 'm'] = DURATION.exec(typed) ?? []
  if (amount === undefined) return { duration: typed, ms: null, isClock: false }
  const letter = unit.charAt(0).toLowerCase()
  const number = amount.replace(',', '.')
  return { duration: `${number}${letter}`, ms: Math.round(Number(number) * (UNITS[letter] ?? 0)), isClock: false }
}

/** Returns the next time at which the clock shows `at`, in minutes since midnight. */
function nextTimeOfDay(at: number, now: number, words: TimeWords): number {
  const DAY = 24 * 60
  const thisMinute = now - (now % MINUTE)
  const ahead = (at - minuteOfDay(thisMinute, words) + DAY) % DAY || DAY
  const found = thisMinute + ahead * MINUTE
  // The clock may be put forward or back until then.
  const error = at - minuteOfDay(found, words)
  return found + (Math.abs(error) > DAY / 2 ? 0 : error) * MINUTE
}

function minuteOfDay(at: number, words: TimeWords): number {
  const [hours, minutes] = clockText(at, at, { ...words, locale: 'en-GB' })
    .split(':')
    .map(Number)
  return (hours ?? 0) * 60 + (minutes ?? 0)
}

/** Returns what the field means: "38 min · until 15:40"; null if it cannot be read. */
export function endHint(end: ReadEnd | null, fallbackMs: number, now: number, words: TimeWords): string | null {
  const ms = end === null ? fallbackMs : end.ms
  if (ms === null) return null
  return `${end === null ? 'Default: ' : ''}${durationText(ms)} · until ${clockText(now + ms, now, words)}`
}
