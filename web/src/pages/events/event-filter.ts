/** Which events are shown: `?kind=&pool=&container=&reservation=&from=&to=` in the URL. */
import type { Event } from '../../api/types.ts'
import { isEventKind } from '../../words/event-kinds.ts'
import { readTime } from '../../words/range.ts'

export interface EventFilter {
  readonly kind?: Event['kind']
  readonly pool?: string
  readonly container?: string
  readonly reservation?: string
}

/** A span of time, epoch milliseconds. Without `from` it begins with the first event, without `to` it ends now. */
export interface Span {
  readonly from: number
  readonly to: number
}

export function readFilter(params: URLSearchParams): EventFilter {
  const kind = params.get('kind') ?? ''
  const text = (key: 'pool' | 'container' | 'reservation') => {
    const value = params.get(key)
    return value ? { [key]: value } : {}
  }
  return { ...(isEventKind(kind) && { kind }), ...text('pool'), ...text('container'), ...text('reservation') }
}

/** Returns null if the URL asks for the latest events, as they happen. */
export function readSpan(params: URLSearchParams, now: number): Span | null {
  const from = readTime(params.get('from'), now)
  const to = readTime(params.get('to'), now)
  return from === null && to === null ? null : { from: from ?? 0, to: to ?? now }
}

/** Returns the command that shows the same in a terminal. */
export function eventsCommand(filter: EventFilter, isLive: boolean): string {
  const options = (['kind', 'pool', 'container', 'reservation'] as const).flatMap((key) => {
    const value = filter[key]
    return value === undefined
      ? []
      : [`--${key} ${/^[\w.:-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`}`]
  })
  return ['berth events', ...(isLive ? ['-f'] : []), ...options].join(' ')
}
