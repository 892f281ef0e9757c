/** The audit log: in pages, and as a stream. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { Type } from '../json-schema.ts'
import { invalidRequest, type Violation } from '../../domain/errors.ts'
import { ownOnly } from '../../domain/identity.ts'
import { closeWhenIdle } from '../connections.ts'
import type { RouteContext } from '../context.ts'
import { type Following, streamEvents } from '../streaming/event-stream.ts'
import { violationsFrom } from '../errors/violations.ts'
import { identityOf } from '../auth/identity.ts'
import { clientGone } from '../streaming/long-poll.ts'
import { EventList, ListEvents } from './schemas.ts'
import { viewEvent } from './views.ts'

/** Default number of events in a page. */
const PAGE = 100

export function eventRoutes(server: FastifyInstance, context: RouteContext): void {
  const { store, streaming, isStillAllowed, clock, feed, counts, streamLimit, drain } = context
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  typed.get('/v1/events', { schema: EVENTS, config: { rules } }, async (request, reply) => {
    const { after, limit, tail, live = false, ...filter } = request.query
    const which = { ...filter, ...ownOnly(identityOf(request)) }
    refuseCombinations(request.query, isStream(request))
    if (!isStream(request)) {
      const most = tail ?? limit ?? PAGE
      const latest = tail !== undefined
      const events = await store.events({ ...which, after: await known(after ?? 0, 'after'), limit: most, latest })
      const more = !latest && events.length === most
      return { events: events.map(viewEvent), next: more ? (events.at(-1)?.id ?? null) : null }
    }
    const last = request.headers['last-event-id']
    const begin = last === undefined ? await beginning(which, after, tail) : await known(readId(last), 'Last-Event-ID')
    const isAllowed = () => isStillAllowed(request)
    streamLimit.count(request, reply)
    return stream(reply, { which, after: begin, live: live ? { clock, counts } : null, isAllowed })
  })

  async function rules(request: FastifyRequest): Promise<Violation[]> {
    const query = request.query as EventQuery
    const last = request.headers['last-event-id']
    const checks = [
      () => refuseCombinations(query, isStream(request)),
      () => known(query.after ?? 0, 'after'),
      () => last === undefined || known(readId(last), 'Last-Event-ID'),
    ]
    return (await Promise.all(checks.map(violationsFrom))).flat()
  }

  /** Returns the event id after which a new stream starts; null: with the next event. */
  async function beginning(which: Following['which'], after?: number, tail?: number): Promise<number | null> {
    if (tail === undefined) return after === undefined ? null : known(after, 'after')
    const now = await store.latestEvent()
    const [first] = await store.events({ ...which, after: await known(after ?? 0, 'after'), limit: tail, latest: true })
    return first ? first.id - 1 : now
  }

  function stream(reply: FastifyReply, asked: Pick<Following, 'which' | 'after' | 'live' | 'isAllowed'>): FastifyReply {
    const { heartbeatMs, idleTimeoutMs } = streaming
    closeWhenIdle(reply.raw, idleTimeoutMs)
    // A HEAD ends here, too: fastify sends the headers and closes the stream.
    reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no')
    const over = AbortSignal.any([clientGone(reply), drain.closing])
    return reply.send(streamEvents({ ...asked, feed, heartbeatMs, over, write: viewEvent }))
  }

  /** Refuses an id of the future, as of another log: a stream would wait until that id is reached. */
  async function known(after: number, path: string): Promise<number> {
    const latest = await store.latestEvent()
    if (after > latest)
      throw invalidRequest([{ path, message: `is later than the latest event, ${latest}, got ${after}; leave it out` }])
    return after
  }
}

type EventQuery = Static<typeof ListEvents>

function isStream({ headers }: FastifyRequest): boolean {
  return /\btext\/event-stream\b/i.test(headers.accept ?? '')
}

function refuseCombinations({ limit, tail, live }: EventQuery, stream: boolean): void {
  const violations: Violation[] = []
  if (limit !== undefined && tail !== undefined)
    violations.push({ path: 'tail', message: 'must not be combined with limit; give one of them' })
  if (limit !== undefined && stream)
    violations.push({ path: 'limit', message: 'must not be given for a stream, which has no end' })
  if (live === true && !stream) {
    const message = 'is only for streams; add the header Accept: text/event-stream'
    violations.push({ path: 'live', message })
  }
  if (violations.length > 0) throw invalidRequest(violations)
}

function readId(text: string | string[]): number {
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text)
  throw invalidRequest([{ path: 'Last-Event-ID', message: 'must be the id of the last event that was seen' }])
}

const EVENTS = {
  tags: ['events'],
  operationId: 'listEvents',
  summary: 'What has changed, by whom and when: the audit log',
  description:
    'Oldest first. With `Accept: text/event-stream`, new events are sent as Server-Sent Events. `Last-Event-ID` or ' +
    '`after` first sends all events after that id; `tail` first sends the latest past events. Each has the id and ' +
    'the kind of the event, and the same JSON as data. Users see the events of their own reservations. ' +
    'With `live=true` the stream also has messages without an id: `clock`, first and as the heartbeat, with the time of ' +
    'the manager (`now`) and the id after which the stream continues (`after`); `pools`, first and at most once a ' +
    'second when they change, with counts and times of all pools for every caller.',
  querystring: ListEvents,
  headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ description: 'Takes the place of after' })) }),
  response: {
    200: {
      description: 'A page, or a stream that does not end',
      content: { 'application/json': { schema: EventList }, 'text/event-stream': { schema: Type.String() } },
    },
  },
}
