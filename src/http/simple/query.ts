/** Reads the query string of the simple API strictly: what is not understood is refused, never guessed. */
import { BerthError } from '../../domain/errors.ts'

/** The parameters of a raw URL. `invalid_request` for unknown, repeated or undecodable ones. */
export function readQuery<Name extends string>(url: string, allowed: readonly Name[]): Partial<Record<Name, string>> {
  const start = url.indexOf('?')
  const found = new Map<Name, string>()
  if (start < 0) return {}
  for (const pair of url.slice(start + 1).split('&')) {
    if (pair === '') continue
    const split = pair.indexOf('=')
    const rawName = split < 0 ? pair : pair.slice(0, split)
    const name = allowed.find((known) => known === decode(rawName, 'a parameter name'))
    if (name === undefined) throw refusal(`"${printable(rawName)}" is not a parameter here; ${whatIsAllowed(allowed)}`)
    if (found.has(name)) throw refusal(`${name} is given more than once; give it once`)
    found.set(name, decode(split < 0 ? '' : pair.slice(split + 1), name))
  }
  return Object.fromEntries(found) as Partial<Record<Name, string>>
}

/** A whole number in plain digits. */
export function wholeNumber(name: string, value: string, least: number, most: number): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= least && number <= most)) {
    throw refusal(`${name} must be a whole number from ${least} to ${most}, not "${printable(value)}"`)
  }
  return number
}

/** A number in plain digits, fractions allowed. */
export function decimal(name: string, value: string, least: number, most: number, unit: string): number {
  const number = /^\d{1,9}(\.\d{1,9})?$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= least && number <= most)) {
    throw refusal(`${name} must be a number from ${least} to ${most} ${unit}, not "${printable(value)}"`)
  }
  return number
}

export function refusal(message: string): BerthError {
  return new BerthError('invalid_request', message)
}

function whatIsAllowed(allowed: readonly string[]): string {
  return allowed.length > 0 ? `allowed: ${allowed.join(', ')}` : 'none is allowed'
}

function decode(raw: string, what: string): string {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '))
  } catch {
    throw refusal(`${what} is not percent-encoded UTF-8`)
  }
}

/** Makes a parameter safe to show in an error. */
function printable(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 40)
}
