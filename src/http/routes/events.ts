/** The audit log: page by page, and as it grows. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Static } from 'typebox'
import { Type } from '../json-schema.ts'
import { type BerthEvent, EVENT_KINDS } from '../../core/events.ts'
import { hasCode, invalidRequest } from '../../core/errors.ts'
import { ownOnly } from '../../core/identity.ts'
import type { WaitingContext } from '../context.ts'
import { type Following, streamEvents } from '../following/event-stream.ts'
import { identityOf } from '../access/identity.ts'
import { cutOffAfter, whenGone } from '../following/long-poll.ts'
import { time } from '../views.ts'

/** Events in a page, unless something else is asked for. */
const PAGE = 100

export function eventRoutes(server: FastifyInstance, context: WaitingContext): void {
  const { store, streaming, authenticate, feed, places } = context
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()
  const closing = new AbortController()
  server.addHook('preClose', async () => closing.abort())

  typed.get('/v1/events', { schema: EVENTS }, async (request, reply) => {
    const { after, limit, tail, ...filter } = request.query
    const which = { ...filter, ...ownOnly(identityOf(request)) }
    if (limit !== undefined && tail !== undefined)
      throw invalidRequest([{ path: 'tail', message: 'or limit, not both' }])
    if (!/\btext\/event-stream\b/i.test(request.headers.accept ?? '')) {
      const most = tail ?? limit ?? PAGE
      const latest = tail !== undefined
      const events = await store.events({ ...which, after: await known(after ?? 0, 'after'), limit: most, latest })
      const more = !latest && events.length === most
      return { events: events.map(viewEvent), next: more ? (events.at(-1)?.id ?? null) : null }
    }
    if (limit !== undefined) throw invalidRequest([{ path: 'limit', message: 'is for pages; a stream has no end' }])
    const last = request.headers['last-event-id']
    const begin = last === undefined ? await beginning(which, after, tail) : await known(readId(last), 'Last-Event-ID')
    const welcome = () => isWelcome(request.headers.authorization)
    places.take(request, reply)
    return stream(reply, { which, after: begin, welcome })
  })

  /** After which event a stream begins that does not resume another one; null: with what happens from now on. */
  async function beginning(which: Following['which'], after?: number, tail?: number): Promise<number | null> {
    if (tail === undefined) return after === undefined ? null : known(after, 'after')
    const now = await store.latestEvent()
    const [first] = await store.events({ ...which, after: await known(after ?? 0, 'after'), limit: tail, latest: true })
    return first ? first.id - 1 : now
  }

  function stream(reply: FastifyReply, asked: Pick<Following, 'which' | 'after' | 'welcome'>): FastifyReply {
    const { heartbeat, patience } = streaming
    cutOffAfter(reply.raw, patience)
    reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no')
    const over = AbortSignal.any([whenGone(reply), closing.signal])
    return reply.send(streamEvents({ ...asked, feed, heartbeat, over, write: viewEvent }))
  }

  /** A token may have been deleted, or have expired, since the stream began. */
  async function isWelcome(authorization: string | undefined): Promise<boolean> {
    try {
      await authenticate(authorization)
      return true
    } catch (error) {
      // Nobody can say now: it is asked again with the next heartbeat.
      return !hasCode(error, 'unauthorized')
    }
  }

  /** A number that this log has given; one from another log would wait for events that were given it already. */
  async function known(after: number, path: string): Promise<number> {
    const latest = await store.latestEvent()
    if (after > latest)
      throw invalidRequest([{ path, message: `is later than the latest event, ${latest}; leave it out` }])
    return after
  }
}

function readId(text: string | string[]): number {
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text)
  throw invalidRequest([{ path: 'Last-Event-ID', message: 'must be the id of the last event that was seen' }])
}

function viewEvent({ id, at, ...rest }: BerthEvent): Static<typeof EventView> {
  return { id, at: time(at), ...rest }
}

const Text = Type.Union([Type.String(), Type.Null()])
const Kind = Type.Enum([...EVENT_KINDS])

const EventView = Type.Object({
  id: Type.Integer({ description: 'Grows with every event; there may be gaps' }),
  at: Type.String(),
  kind: Kind,
  by: Type.String({ description: 'Name of the identity that wanted it; "berth" for the manager itself' }),
  pool: Text,
  container: Text,
  generation: Type.Union([Type.Integer(), Type.Null()]),
  reservation: Text,
  owner: Type.Union([Type.String(), Type.Null()], { description: 'Whose reservation it concerns' }),
  username: Text,
  detail: Type.Union([Type.String(), Type.Null()], { description: 'For people: an outcome, a reason, a new size' }),
})

const EventList = Type.Object({
  events: Type.Array(EventView),
  next: Type.Union([Type.Integer(), Type.Null()], { description: '"after" of the next page; null at the end' }),
})

const AskEvents = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0, description: 'Only those with a higher id' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    tail: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, description: 'Only the latest of them, that many; instead of limit' }),
    ),
    kind: Type.Optional(Kind),
    pool: Type.Optional(Type.String()),
    container: Type.Optional(Type.String()),
    reservation: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

const EVENTS = {
  summary: 'What has changed, by whom and when: the audit log',
  description:
    'Oldest first. With `Accept: text/event-stream` as Server-Sent Events from now on, or after `Last-Event-ID` or ' +
    '`after`, or from the last of the past (`tail`) on; each has the id and the kind of the event, and the same JSON as data. Users see what concerns their own ' +
    'reservations.',
  querystring: AskEvents,
  headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ description: 'Takes the place of after' })) }),
  response: {
    200: {
      description: 'A page, or a stream that does not end',
      content: { 'application/json': { schema: EventList }, 'text/event-stream': { schema: Type.String() } },
    },
  },
}
