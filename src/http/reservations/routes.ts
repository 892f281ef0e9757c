/** Reservations, for programs. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ownOnly } from '../../domain/identity.ts'
import { stateAt } from '../../domain/reservation.ts'
import { idempotentRequest } from '../../usecases/idempotency.ts'
import { defaultDurationMs } from '../../usecases/limits.ts'
import { choosePool } from '../../usecases/rules/pool-rules.ts'
import { IfNoneMatch, NotModified, represent, sendUnlessKnown } from '../etag.ts'
import type { RouteContext } from '../context.ts'
import { violationsFrom } from '../errors/violations.ts'
import { readAfter, writeCursor } from './cursor.ts'
import { identityOf, requireAdmin } from '../auth/identity.ts'
import { clientGone } from '../streaming/long-poll.ts'
import { pollUntil } from '../streaming/poll-until.ts'
import {
  type ChangeBody,
  checkChange,
  readChange,
  readHold,
  readIdempotencyKey,
  readStates,
  readTimes,
  readWanted,
  type ReserveBody,
} from './request.ts'
import {
  Extend,
  ExtendedView,
  PutOnHold,
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
} from './schemas.ts'
import { viewReservation, viewReservations } from './views.ts'

const DEFAULT_USERNAME = 'user'

const typedServer = (server: FastifyInstance) => server.withTypeProvider<TypeBoxTypeProvider>()

type TypedServer = ReturnType<typeof typedServer>

export function reservationRoutes(server: FastifyInstance, context: RouteContext): void {
  const typed = typedServer(server)
  reserveRoute(typed, context)
  listRoute(typed, context)
  showRoute(typed, context)
  changeRoutes(typed, context)
}

function reserveRoute(typed: TypedServer, context: RouteContext): void {
  const { reservations, pools, requestSecret } = context
  const rules = async (request: FastifyRequest) => [
    ...(await violationsFrom(() => readIdempotencyKey(request.headers))),
    ...(await reservations.violations(readWanted(request.body as Partial<ReserveBody>), identityOf(request))),
  ]
  const options = { schema: RESERVE, ...NO_BODY_NEEDED, config: { ...NO_BODY_NEEDED.config, rules } }
  typed.post('/v1/reservations', options, async (request, reply) => {
    const { username = DEFAULT_USERNAME, count = 1, ssh_keys: sshKeys = [], password, note, name } = request.body
    const { password_style: passwordStyle } = request.body
    const pool = choosePool(pools, request.body.pool)
    const sent = readIdempotencyKey(request.headers)
    const by = identityOf(request)
    const held = await reservations.reserve(
      {
        pool,
        username,
        count,
        sshKeys,
        ...readTimes(request.body, defaultDurationMs(pool, by.limits)),
        ...(password !== undefined && { password }),
        ...(passwordStyle !== undefined && { passwordStyle }),
        ...(note !== undefined && { note }),
        ...(name !== undefined && { name }),
        ...(sent !== null && { idempotency: idempotentRequest(sent, request.body, requestSecret) }),
      },
      by,
    )
    const view = await viewReservation(context, held)
    const unfinished = view.state === 'waiting' || view.state === 'preparing'
    reply.code(unfinished ? 202 : 201).header('location', `/v1/reservations/${view.id}`)
    return { ...view, ...(held.password !== null && { password: held.password }) }
  })
}

function listRoute(typed: TypedServer, context: RouteContext): void {
  const rules = async ({ query }: FastifyRequest) => [
    ...(await violationsFrom(() => readAfter(query as { cursor?: string }))),
    ...(await violationsFrom(() => readStates(query as { state?: string }))),
  ]
  typed.get('/v1/reservations', { schema: LIST, config: { rules } }, async (request, reply) => {
    const { limit = 50, cursor, state, ...filter } = request.query
    const page = await context.store.reservations({
      ...filter,
      ...readStates({ state }),
      ...ownOnly(identityOf(request)),
      limit,
      ...readAfter({ cursor }),
    })
    const last = page.at(-1)
    const list = represent(reply, {
      reservations: await viewReservations(context, page),
      next: last && page.length === limit ? writeCursor(last.reservation) : null,
    })
    return sendUnlessKnown(request, reply, list)
  })
}

function showRoute(typed: TypedServer, context: RouteContext): void {
  const { reservations, clock, feed, streamLimit, drain } = context
  typed.get('/v1/reservations/:id', { schema: SHOW }, async (request, reply) => {
    const { id } = request.params
    // A HEAD does not wait: its answer is that of the present state.
    const wait = request.method === 'HEAD' ? 0 : (request.query.wait ?? 0)
    // Before anything is read: a refused request costs next to nothing.
    if (wait > 0) streamLimit.count(request, reply)
    const poll = async () => {
      const found = await reservations.find(id, identityOf(request))
      const state = stateAt(found.reservation, clock())
      return { done: state !== 'waiting' && state !== 'preparing', found }
    }
    const now = await poll()
    if (wait === 0 || now.done) return viewReservation(context, now.found)
    const gone = AbortSignal.any([clientGone(reply), drain.closing])
    const until = { which: { reservation: id }, waitMs: wait * 1_000, gone }
    return viewReservation(context, await pollUntil(feed, poll, until))
  })
}

/** Extend, keepalive, hold, release. */
function changeRoutes(typed: TypedServer, context: RouteContext): void {
  const { reservations } = context
  const changeRules = ({ body }: FastifyRequest) => violationsFrom(() => checkChange(body as ChangeBody))
  typed.patch('/v1/reservations/:id', { schema: EXTEND, config: { rules: changeRules } }, async (request) => {
    const { id } = request.params
    const by = identityOf(request)
    const change = readChange(request.body)
    if (change.kind === 'note') await reservations.setNote(id, change.note, by)
    const { clamped } = change.kind === 'end' ? await reservations.extend(id, change.until, by) : { clamped: null }
    return { ...(await viewReservation(context, await reservations.find(id, by))), clamped }
  })

  typed.post('/v1/reservations/:id/keepalive', { schema: KEEPALIVE }, async (request) => {
    const by = identityOf(request)
    await reservations.keepAlive(request.params.id, by)
    return viewReservation(context, await reservations.find(request.params.id, by))
  })

  const holdRules = ({ body }: FastifyRequest) => violationsFrom(() => readHold(body as { duration?: string }))
  typed.post('/v1/reservations/:id/hold', { schema: HOLD, config: { rules: holdRules } }, async (request) => {
    const by = identityOf(request)
    await reservations.hold(request.params.id, readHold(request.body), by)
    return viewReservation(context, await reservations.find(request.params.id, by))
  })

  typed.delete('/v1/reservations/:id', { schema: RELEASE }, async (request) => {
    return viewReservation(context, await reservations.release(request.params.id, identityOf(request)))
  })

  typed.post('/v1/release-all', { schema: RELEASE_ALL, ...NO_BODY_NEEDED }, async (request) => ({
    released: await reservations.releaseAll(request.body, requireAdmin(request)),
  }))
}

/** Route options for bodies whose properties are all optional: the body may be left out. */
const NO_BODY_NEEDED = {
  config: { optionalBody: true },
  async preValidation(request: { body: unknown }): Promise<void> {
    request.body ??= {}
  },
}

const RESERVE = {
  tags: ['reservations'],
  operationId: 'createReservation',
  summary: 'Reserve containers',
  description:
    'Answers when the account works (201), or at once when it waits in the queue (202). With an Idempotency-Key the ' +
    'same request returns the same reservation for 24 hours.',
  headers: IdempotencyKey,
  body: Reserve,
  response: { 201: ReservedView, 202: ReservedView },
}
const LIST = {
  tags: ['reservations'],
  operationId: 'listReservations',
  summary: 'Reservations, newest first, page by page',
  querystring: ListReservations,
  headers: IfNoneMatch,
  response: { 200: ReservationList, 304: NotModified },
}
const SHOW = {
  tags: ['reservations'],
  operationId: 'getReservation',
  summary: 'One reservation; with wait, as soon as it is active or over',
  params: ReservationId,
  querystring: LongPoll,
  response: { 200: ReservationView },
}
const EXTEND = {
  tags: ['reservations'],
  operationId: 'extendReservation',
  summary: 'Extend an active reservation (never shortens it), or change its note',
  params: ReservationId,
  body: Extend,
  response: { 200: ExtendedView },
}
const KEEPALIVE = {
  tags: ['reservations'],
  operationId: 'keepReservationAlive',
  summary: 'Keep a reservation with a keepalive from being abandoned; does not extend it',
  params: ReservationId,
  response: { 200: ReservationView },
}
const HOLD = {
  tags: ['reservations'],
  operationId: 'holdReservation',
  summary: 'Keep a reservation for a while after a failure, once',
  description:
    'It ends this long from now, whatever its end was, and needs no keepalive calls. `conflict` the second time, and ' +
    "where the pool's `hold` does not allow it.",
  params: ReservationId,
  body: PutOnHold,
  response: { 200: ReservationView },
}
const RELEASE = {
  tags: ['reservations'],
  operationId: 'releaseReservation',
  summary: 'Release; answers when no login is possible any more',
  params: ReservationId,
  response: { 200: ReservationView },
}
const RELEASE_ALL = {
  tags: ['reservations'],
  operationId: 'releaseReservations',
  summary: 'Release everything, or everything of a pool or an account (admin)',
  body: ReleaseAll,
  response: { 200: ReleasedList },
}
