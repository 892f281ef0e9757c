/** How options and arguments are written. An invalid one is refused before the manager is asked. */
import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../../domain/text/duration.ts'
import { EXIT, Failure } from '../failures.ts'

/** Returns the text as it is: the manager parses it, too. */
export function duration(text: string): string {
  if (parseDuration(text) === null) throw new InvalidArgumentError('Expected a duration like 90m, 2h, 1d or PT1H30M.')
  return text
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
    const advice = 'expected a time like 2026-11-24T18:00 or 2026-11-24T18:00:00Z'
    throw new Failure(EXIT.usage, `invalid time "${text}"`, { advice })
  }
  return time.toISOString()
}

/**
 * Splits a command's arguments at "--", of which commander says nothing. `typed` is the whole command line, `given` what
 * commander takes for arguments.
 */
export function splitAtDashes(
  typed: readonly string[],
  given: readonly string[],
): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const dashes = typed.indexOf('--')
  const behind = dashes < 0 ? 0 : typed.length - dashes - 1
  const at = Math.max(0, given.length - behind)
  return { before: given.slice(0, at), after: given.slice(at) }
}

/** Returns the options without those that were not given. */
export function given<Options extends object>(
  options: Options,
): { [Name in keyof Options]?: Exclude<Options[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof given<Options>
  >
}
