/** Times for people: in a time zone, and in UTC. */

/** Languages whose names of time zones are tried in turn: each knows the abbreviations of its own countries. */
const LANGUAGES = ['en-GB', 'en-US', 'en-AU', 'en-IN', 'en-ZA']

/**
 * Formats times in one zone. Calls `zone` for each of them, because a reload of berth.yml may change it. Rounds down to
 * the minute, so that an end is never shown later than it is.
 */
export class LocalTime {
  readonly #zone: () => string
  #formats: Formats

  /** `zone` returns an IANA name, such as "Europe/Berlin". Throws a RangeError for an unknown one. */
  constructor(zone: string | (() => string)) {
    this.#zone = typeof zone === 'string' ? () => zone : zone
    this.#formats = formatsOf(this.#zone())
  }

  /** IANA name. */
  get zone(): string {
    return this.#zone()
  }

  /** "2026-11-24 15:30 CET (14:30 UTC)" */
  dateAndTime(time: number): string {
    const { date, timeOfDay, zoneName } = this.#local(time)
    return `${date} ${timeOfDay} ${zoneName}${inUtc(time, date, zoneName)}`
  }

  /** "15:30 CET (14:30 UTC)" */
  timeOfDay(time: number): string {
    const { date, timeOfDay, zoneName } = this.#local(time)
    return `${timeOfDay} ${zoneName}${inUtc(time, date, zoneName)}`
  }

  #local(time: number): { readonly date: string; readonly timeOfDay: string; readonly zoneName: string } {
    if (this.#formats.zone !== this.zone) this.#formats = formatsOf(this.zone)
    const { clock, names } = this.#formats
    const parts = new Map(clock.formatToParts(time).map(({ type, value }) => [type, value]))
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? ''
    const date = `${part('year')}-${part('month')}-${part('day')}`
    return { date, timeOfDay: `${part('hour')}:${part('minute')}`, zoneName: nameAt(time, names) }
  }
}

/** Formats of one zone. They are cached, because creating them is slow. */
interface Formats {
  readonly zone: string
  readonly clock: Intl.DateTimeFormat
  readonly names: readonly Intl.DateTimeFormat[]
}

function formatsOf(zone: string): Formats {
  const digits = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const
  return {
    zone,
    clock: new Intl.DateTimeFormat('en-GB', { ...digits, timeZone: zone, hourCycle: 'h23' }),
    names: LANGUAGES.map((tag) => new Intl.DateTimeFormat(tag, { timeZone: zone, timeZoneName: 'short' })),
  }
}

/** Returns the abbreviation, such as "CET"; "GMT+4" where there is none. */
function nameAt(time: number, formats: readonly Intl.DateTimeFormat[]): string {
  let name = ''
  for (const format of formats) {
    name = format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? ''
    if (!/^GMT[+-]/.test(name)) return name
  }
  return name
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

function inUtc(time: number, localDate: string, zoneName: string): string {
  if (zoneName === 'UTC') return ''
  const [date = '', timeOfDay = ''] = new Date(time).toISOString().slice(0, 16).split('T')
  return ` (${date === localDate ? '' : `${date} `}${timeOfDay} UTC)`
}
