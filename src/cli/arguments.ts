/** How options and arguments are written; what is not understood is refused before anybody is asked. */
import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../core/duration.ts'
import { EXIT, Failure } from './failures.ts'

/** As it was written: the manager reads it, too. */
export function duration(text: string): string {
  if (parseDuration(text) === null) throw new InvalidArgumentError('It looks like 90m, 2h, 1d or PT1H30M.')
  return text
}

export function count(text: string): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (number < 1) throw new InvalidArgumentError('It is a whole number, 1 or more.')
  return number
}

/** An option that can be given several times. */
export function collect(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text]
}

/** Any time that can be understood, in the form of the API; without an offset it is local time. */
export function timeOf(text: string): string {
  const time = new Date(text)
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(time.getTime())) {
    throw new Failure(EXIT.usage, `"${text}" is no time`, {
      advice: 'it looks like 2026-11-24T18:00 or 2026-11-24T18:00:00Z',
    })
  }
  return time.toISOString()
}
