/** Which events are shown: `?kind=&pool=&container=&reservation=&from=&to=` in the URL. */
import type { Span } from '../../../../src/client/event-search.ts'
import type { Event } from '../../api/types.ts'
import { EVENT_KINDS, isEventKind } from '../../words/event-kinds.ts'
import { readTime } from '../../words/range.ts'
import { quoted } from '../../words/shell.ts'

export interface EventFilter {
  readonly kind?: Event['kind']
  readonly pool?: string
  readonly container?: string
  readonly reservation?: string
}

export function readFilter(params: URLSearchParams): EventFilter {
  const kind = params.get('kind') ?? ''
  const text = (key: 'pool' | 'container' | 'reservation') => {
    const value = params.get(key)
    return value ? { [key]: value } : {}
  }
  return { ...(isEventKind(kind) && { kind }), ...text('pool'), ...text('container'), ...text('reservation') }
}

/** Returns a sentence for each value in the URL that is not used, because it is not valid. */
export function filterProblems(params: URLSearchParams): readonly { readonly key: string; readonly text: string }[] {
  const kind = params.get('kind') ?? ''
  const times = (['from', 'to'] as const).flatMap((key) => {
    const value = params.get(key)
    if (value === null || readTime(value, 0) !== null) return []
    const text = `${key} must be a time such as 2026-11-29, 2026-11-29T15:40Z, now or now-24h, got "${value}".`
    return [{ key, text: `${text} It is not used.` }]
  })
  if (kind === '' || isEventKind(kind)) return times
  const text = `There is no kind "${kind}" of events, so events of all kinds are shown. Kinds: ${EVENT_KINDS.join(', ')}.`
  return [{ key: 'kind', text }, ...times]
}

/**
 * Returns the span of time; null if the URL asks for the latest events, as they happen. Without `from` it begins with
 * the first event, without `to` it ends now.
 */
export function readSpan(params: URLSearchParams, now: number): Span | null {
  const from = readTime(params.get('from'), now)
  const to = readTime(params.get('to'), now)
  return from === null && to === null ? null : { from: from ?? 0, to: to ?? now }
}

/** Returns the command that prints the same events: the latest `tail` and those that follow, or a span of time. */
export function eventsCommand(
  { origin, tail }: { readonly origin: string; readonly tail: number },
  filter: EventFilter,
  span: Span | null,
): string {
  const time = (at: number) => new Date(at).toISOString()
  const which =
    span === null
      ? ['-f', `--limit ${tail}`]
      : [...(span.from > 0 ? [`--from ${time(span.from)}`] : []), `--to ${time(span.to)}`]
  const options = (['kind', 'pool', 'container', 'reservation'] as const).flatMap((key) => {
    const value = filter[key]
    return value === undefined ? [] : [`--${key} ${quoted(value)}`]
  })
  return [`berth --url ${quoted(origin)} events`, ...which, ...options].join(' ')
}
