/** Times for people: in a time zone, and in UTC. */
import { counted } from './counted.ts'

/** Languages whose names of time zones are tried in turn: each knows the abbreviations of its own countries. */
const LANGUAGES = ['en-GB', 'en-US', 'en-AU', 'en-IN', 'en-ZA']
const SECOND_MS = 1_000
const MINUTE_MS = 60_000

/** One time zone. Rounds down to the minute, so that an end is never shown later than it is. */
export class LocalTime {
  /** IANA name, such as "Europe/Berlin". */
  readonly zone: string
  readonly #clock: Intl.DateTimeFormat
  readonly #names: readonly Intl.DateTimeFormat[]

  /** Throws RangeError for a name that is not known. */
  constructor(zone: string) {
    this.zone = zone
    const digits = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const
    this.#clock = new Intl.DateTimeFormat('en-GB', { ...digits, timeZone: zone, hourCycle: 'h23' })
    this.#names = LANGUAGES.map((tag) => new Intl.DateTimeFormat(tag, { timeZone: zone, timeZoneName: 'short' }))
  }

  /** "2026-11-24 15:30 CET (14:30 UTC)" */
  dateAndTime(time: number): string {
    const { date, hour, name } = this.#local(time)
    return `${date} ${hour} ${name}${inUtc(time, date, name)}`
  }

  /** "15:30 CET (14:30 UTC)" */
  timeOfDay(time: number): string {
    const { date, hour, name } = this.#local(time)
    return `${hour} ${name}${inUtc(time, date, name)}`
  }

  #local(time: number): { readonly date: string; readonly hour: string; readonly name: string } {
    const parts = new Map(this.#clock.formatToParts(time).map(({ type, value }) => [type, value]))
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? ''
    const date = `${part('year')}-${part('month')}-${part('day')}`
    return { date, hour: `${part('hour')}:${part('minute')}`, name: this.#nameAt(time) }
  }

  /** Returns the abbreviation, such as "CET"; "GMT+4" where there is none. */
  #nameAt(time: number): string {
    let name = ''
    for (const names of this.#names) {
      name = names.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? ''
      if (!/^GMT[+-]/.test(name)) return name
    }
    return name
  }
}

/** Returns the name of the machine's time zone. */
export function zoneOfMachine(): string {
  const zone: string | undefined = new Intl.DateTimeFormat().resolvedOptions().timeZone
  return zone === undefined || !isTimeZone(zone) ? 'UTC' : zone
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** Returns "2 h 5 min", "12 min" or "45 s", rounded down. */
export function shortSpan(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / SECOND_MS))} s`
  const minutes = Math.floor(ms / MINUTE_MS)
  const hours = Math.floor(minutes / 60)
  return [...(hours > 0 ? [`${hours} h`] : []), ...(minutes % 60 > 0 ? [`${minutes % 60} min`] : [])].join(' ')
}

/** Returns "12 minutes" or "45 seconds", rounded down. */
export function longSpan(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS)
  return minutes > 0 ? counted(minutes, 'minute') : counted(Math.max(0, Math.floor(ms / SECOND_MS)), 'second')
}

function inUtc(time: number, localDate: string, name: string): string {
  if (name === 'UTC') return ''
  const [date = '', hour = ''] = new Date(time).toISOString().slice(0, 16).split('T')
  return ` (${date === localDate ? '' : `${date} `}${hour} UTC)`
}
