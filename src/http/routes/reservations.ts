/** Reservations, for programs: what the seed's endpoints do, one by one, and more. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { ownOnly } from '../../core/identity.ts'
import { stateAt } from '../../core/reservation.ts'
import { IfNoneMatch, NotModified, representationOf, sendUnlessKnown, serialised } from '../conditional.ts'
import type { WaitingContext } from '../context.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import { identityOf, requireAdmin } from '../access/identity.ts'
import { whenGone } from '../following/long-poll.ts'
import { lookUntil } from '../following/look-until.ts'
import { randomPassword, repeatable } from '../repeat.ts'
import { readEnd, readReserve } from '../reserve-body.ts'
import {
  Extend,
  ExtendedView,
  IdempotencyKey,
  ListReservations,
  LongPoll,
  ReleaseAll,
  ReleasedList,
  ReservationId,
  ReservationList,
  ReservationView,
  Reserve,
  ReservedView,
} from '../schemas.ts'
import { viewReservation, viewReservations } from '../views.ts'

const DEFAULT_USERNAME = 'user'

export function reservationRoutes(server: FastifyInstance, context: WaitingContext): void {
  const { reserving, store, pools, clock, feed, places } = context
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  typed.post('/v1/reservations', { schema: RESERVE, preValidation: allowNoBody }, async (request, reply) => {
    const { username = DEFAULT_USERNAME, ssh_keys: sshKeys = [], note } = request.body
    const wanted = readReserve(pools, request.body)
    const again = repeatable(request.headers, request.body)
    const generates = request.body.password === undefined && sshKeys.length === 0
    const generated = again ? again.passwordOf(again.key.salt) : randomPassword()
    const password = request.body.password ?? (generates ? generated : null)
    const held = await reserving.reserve(
      {
        ...{ ...wanted, username, password, generated: generates, sshKeys },
        ...(note !== undefined && { note }),
        ...(again && { key: again.key }),
      },
      identityOf(request),
    )
    const told = again && held.repeats !== null ? again.passwordOf(held.repeats) : generated
    const view = await viewReservation(context, held)
    const unfinished = view.state === 'waiting' || view.state === 'preparing'
    reply.code(unfinished ? 202 : 201).header('location', `/v1/reservations/${view.id}`)
    return { ...view, ...(generates && { password: told }) }
  })

  typed.get('/v1/reservations', { schema: LIST }, async (request, reply) => {
    const { limit = 50, cursor, ...filter } = request.query
    const page = await store.reservations({
      ...filter,
      ...ownOnly(identityOf(request)),
      limit,
      ...(cursor !== undefined && { after: readCursor(cursor) }),
    })
    const last = page.at(-1)
    const text = serialised(reply, {
      reservations: await viewReservations(context, page),
      next: last && page.length === limit ? writeCursor(last.reservation) : null,
    })
    return sendUnlessKnown(request, reply, representationOf(text))
  })

  typed.get('/v1/reservations/:id', { schema: SHOW }, async (request, reply) => {
    const { id } = request.params
    const { wait = 0 } = request.query
    // Before anything is read: whoever is refused costs next to nothing.
    if (wait > 0) places.take(request, reply)
    const look = async () => {
      const found = await reserving.find(id, identityOf(request))
      const state = stateAt(found.reservation, clock())
      return { done: state !== 'waiting' && state !== 'preparing', found }
    }
    const now = await look()
    if (wait === 0 || now.done) return viewReservation(context, now.found)
    const until = { which: { reservation: id }, waitMs: wait * 1_000, gone: whenGone(reply) }
    return viewReservation(context, await lookUntil(feed, look, until))
  })

  typed.patch('/v1/reservations/:id', { schema: EXTEND }, async (request) => {
    const { id } = request.params
    const by = identityOf(request)
    const { clamped } = await reserving.extend(id, readEnd(request.body), by)
    return { ...(await viewReservation(context, await reserving.find(id, by))), clamped }
  })

  typed.post('/v1/reservations/:id/keepalive', { schema: KEEPALIVE }, async (request) => {
    const by = identityOf(request)
    await reserving.keepAlive(request.params.id, by)
    return viewReservation(context, await reserving.find(request.params.id, by))
  })

  typed.delete('/v1/reservations/:id', { schema: RELEASE }, async (request) => {
    return viewReservation(context, await reserving.release(request.params.id, identityOf(request)))
  })

  typed.post('/v1/release-all', { schema: RELEASE_ALL, preValidation: allowNoBody }, async (request) => ({
    released: await reserving.releaseAll(request.body, requireAdmin(request)),
  }))
}

/** For bodies in which everything is optional. */
async function allowNoBody(request: { body: unknown }): Promise<void> {
  request.body ??= {}
}

const RESERVE = {
  summary: 'Reserve containers',
  description:
    'Answers when the account works (201), or at once when it waits in the queue (202). With an Idempotency-Key the same ' +
    'request gives the same reservation for 24 hours.',
  headers: IdempotencyKey,
  body: Reserve,
  response: { 201: ReservedView, 202: ReservedView },
}
const LIST = {
  summary: 'Reservations, newest first, page by page',
  querystring: ListReservations,
  headers: IfNoneMatch,
  response: { 200: ReservationList, 304: NotModified },
}
const SHOW = {
  summary: 'One reservation; with wait, as soon as it is active or over',
  params: ReservationId,
  querystring: LongPoll,
  response: { 200: ReservationView },
}
const EXTEND = {
  summary: 'Extend an active reservation; never shortens',
  params: ReservationId,
  body: Extend,
  response: { 200: ExtendedView },
}
const KEEPALIVE = {
  summary: 'Still wanted; not an extension',
  params: ReservationId,
  response: { 200: ReservationView },
}
const RELEASE = {
  summary: 'Release; answers when nobody can log in any more',
  params: ReservationId,
  response: { 200: ReservationView },
}
const RELEASE_ALL = {
  summary: 'Release everything, or everything of a pool or an account (admin)',
  body: ReleaseAll,
  response: { 200: ReleasedList },
}
