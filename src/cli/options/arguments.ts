/** How options and arguments are written. An invalid one is refused before the manager is asked. */
import { InvalidArgumentError } from 'commander'
import { EXIT, Failure } from '../failures.ts'
import { readClockTime, readDuration } from './durations.ts'

/** Returns the duration as the API takes it. */
export function duration(text: string): string {
  const read = readDuration(text)
  if (read !== null) return read
  const what = /^\d+$/.test(text)
    ? `a unit: ${text}m for minutes, ${text}h for hours`
    : 'a duration like 90m, 2h, "2 weeks" or PT1H30M'
  throw new InvalidArgumentError(`Expected ${what}.`)
}

export function count(text: string): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (number < 1) throw new InvalidArgumentError('Expected a whole number, 1 or more.')
  return number
}

/** Collects the values of an option that can be repeated. */
export function collect(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text]
}

/** Returns a time as the API writes it. Without an offset it is local time. */
export function parseTime(text: string): string {
  const time = new Date(text)
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(time.getTime())) {
    const advice = 'expected a time like 2026-11-24T18:00 or 2026-11-24T18:00:00Z; a time to come also like 18:30'
    throw new Failure(EXIT.usage, `invalid time "${text}"`, { advice })
  }
  return time.toISOString()
}

/** Returns a time to come as the API writes it: the next time of a clock ("18:30", "fri 10:00"), or see `parseTime`. */
export function parseFutureTime(text: string, now: number): string {
  return readClockTime(text, now)?.toISOString() ?? parseTime(text)
}

/**
 * Splits a command's arguments at "--", of which commander says nothing. `typed` is the whole command line, `words`
 * are the arguments that commander has found.
 */
export function splitAtDashes(
  typed: readonly string[],
  words: readonly string[],
): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const dashes = typed.indexOf('--')
  const behind = dashes < 0 ? 0 : typed.length - dashes - 1
  const at = Math.max(0, words.length - behind)
  return { before: words.slice(0, at), after: words.slice(at) }
}

/** Returns the options without those that were not given. */
export function given<Options extends object>(
  options: Options,
): { [Name in keyof Options]?: Exclude<Options[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof given<Options>
  >
}
