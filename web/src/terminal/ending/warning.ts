/** Warnings before a reservation ends: 10 minutes and 1 minute, as inside its sessions. */
import type { Reservation } from '../../api/types.ts'
import { clockText, durationText, type TimeWords } from '../../words/time.ts'

const MINUTE_MS = 60_000
const LEVELS_MIN = [1, 10] as const

export type WarningLevel = (typeof LEVELS_MIN)[number]

interface Times {
  /** Epoch milliseconds. */
  readonly activeAt: number
  readonly expiresAt: number
}

/** Returns the warning to show, or null. Reservations of at most 10 minutes get only the last warning. */
export function warningLevel({ activeAt, expiresAt }: Times, now: number): WarningLevel | null {
  const left = expiresAt - now
  if (left <= 0) return null
  return LEVELS_MIN.find((level) => left <= level * MINUTE_MS && expiresAt - activeAt > level * MINUTE_MS) ?? null
}

/** An active reservation, whose times are known. */
export interface Held {
  readonly reservation: Reservation
  /** RFC 3339. */
  readonly activeAt: string
  readonly expiresAt: string
}

export interface Warning {
  readonly reservation: Reservation
  readonly level: WarningLevel
  readonly times: Times
}

/** Returns the warnings to show, in the order in which the reservations end. */
export function warningsOf(held: readonly Held[], now: number): readonly Warning[] {
  return held
    .flatMap(({ reservation, activeAt, expiresAt }) => {
      const times = { activeAt: Date.parse(activeAt), expiresAt: Date.parse(expiresAt) }
      const level = warningLevel(times, now)
      return level === null ? [] : [{ reservation, level, times }]
    })
    .toSorted((one, other) => one.times.expiresAt - other.times.expiresAt)
}

/** Returns the text of a warning. It does not count down, so that screen readers announce it once. */
export function warningText(
  containers: readonly string[],
  level: WarningLevel,
  times: Times,
  words: TimeWords,
): string {
  const minutes = level === 1 ? '1 minute' : `${level} minutes`
  const end = clockText(times.expiresAt, times.expiresAt, words)
  return `${listOf(containers)} will end at ${end}, in less than ${minutes}.`
}

/** Returns the beginning of the window's title while a warning is shown: "⚠ 9 min · ". */
export function titlePrefix(left: number): string {
  return `⚠ ${left >= MINUTE_MS ? `${Math.ceil(left / MINUTE_MS)} min` : durationText(left)} · `
}

/** Returns a title without the prefix of a warning. */
export function withoutPrefix(title: string): string {
  return title.replace(/^⚠ .*? · /, '')
}

/** Returns "alpine-1 and 2 more". */
export function listOf(names: readonly string[]): string {
  const [first = 'The reservation', ...rest] = names
  return rest.length === 0 ? first : `${first} and ${rest.length} more`
}
