/** Reservations, for programs: what the seed's endpoints do, one by one, and more. */
import { randomInt } from 'node:crypto'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { BerthError, type Fault, invalidRequest } from '../../core/errors.ts'
import { parseDuration } from '../../core/duration.ts'
import type { Pool } from '../../core/pool.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { ServerContext } from '../context.ts'
import {
  Extend,
  ExtendedView,
  ListReservations,
  ReservationId,
  ReservationList,
  ReservationView,
  Reserve,
  ReservedView,
} from '../schemas.ts'
import { viewReservation } from '../views.ts'

const MINUTE = 60_000
const SHORTEST_KEEPALIVE = 10_000
const DEFAULT_USERNAME = 'user'
/** Without those that are mistaken for one another. 20 of them hold 115 bits. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

export function reservationRoutes(server: FastifyInstance, context: ServerContext): void {
  const { reserving, store, pools, clock, sshHost } = context
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  typed.post(
    '/v1/reservations',
    { schema: { summary: 'Reserve containers', body: Reserve, response: { 201: ReservedView } } },
    async (request, reply) => {
      const { pool, count, durationMs, keepalive } = readRequest(pools, request.body)
      const { username = DEFAULT_USERNAME, ssh_keys: sshKeys = [], note } = request.body
      const generated = request.body.password === undefined && sshKeys.length === 0 ? generatePassword() : undefined
      const password = request.body.password ?? generated ?? null
      const wanted = {
        pool,
        username,
        password,
        sshKeys,
        count,
        durationMs,
        ...(note !== undefined && { note }),
        ...keepalive,
      }
      const held = await reserving.reserve(wanted)
      reply.code(201).header('location', `/v1/reservations/${held.reservation.id}`)
      return { ...viewReservation(held, clock(), sshHost), ...(generated !== undefined && { password: generated }) }
    },
  )

  typed.get(
    '/v1/reservations',
    {
      schema: {
        summary: 'Reservations, newest first, page by page',
        querystring: ListReservations,
        response: { 200: ReservationList },
      },
    },
    async (request) => {
      const { state, username, pool, limit = 50, cursor } = request.query
      const filter = {
        ...(state && { state }),
        ...(username !== undefined && { username }),
        ...(pool !== undefined && { pool }),
      }
      const page = await store.reservations({
        ...filter,
        limit,
        ...(cursor !== undefined && { after: readCursor(cursor) }),
      })
      const { containers } = await store.snapshot()
      const rows = new Map(containers.map((row) => [row.name, row]))
      const last = page.at(-1)
      return {
        reservations: page.map((reservation) => {
          const theirs = reservation.holds.flatMap((hold) => rows.get(hold.container) ?? [])
          return viewReservation({ reservation, containers: theirs }, clock(), sshHost)
        }),
        next: last && page.length === limit ? writeCursor(last) : null,
      }
    },
  )

  typed.get(
    '/v1/reservations/:id',
    { schema: { summary: 'One reservation', params: ReservationId, response: { 200: ReservationView } } },
    async (request) => viewReservation(await find(request.params.id), clock(), sshHost),
  )

  typed.patch(
    '/v1/reservations/:id',
    {
      schema: {
        summary: 'Extend an active reservation; never shortens',
        params: ReservationId,
        body: Extend,
        response: { 200: ExtendedView },
      },
    },
    async (request) => {
      const { id } = request.params
      const { clamped } = await reserving.extend(id, readEnd(request.body))
      return { ...viewReservation(await find(id), clock(), sshHost), clamped }
    },
  )

  typed.post(
    '/v1/reservations/:id/keepalive',
    {
      schema: { summary: 'Still wanted; not an extension', params: ReservationId, response: { 200: ReservationView } },
    },
    async (request) => {
      await reserving.keepAlive(request.params.id)
      return viewReservation(await find(request.params.id), clock(), sshHost)
    },
  )

  typed.delete(
    '/v1/reservations/:id',
    {
      schema: {
        summary: 'Release; answers when nobody can log in any more',
        params: ReservationId,
        response: { 200: ReservationView },
      },
    },
    async (request) => {
      await reserving.release(request.params.id)
      return viewReservation(await find(request.params.id), clock(), sshHost)
    },
  )

  async function find(id: string) {
    const held = await store.held(id)
    if (!held) throw new BerthError('not_found', 'there is no such reservation')
    return held
  }
}

/** What depends on the pool; everything that is wrong, at once. */
function readRequest(
  pools: readonly Pool[],
  body: { pool?: string; count?: number; duration?: string; keepalive?: string },
) {
  const pool = body.pool === undefined ? pools[0] : pools.find((p) => p.name === body.pool)
  if (!pool) throw invalidRequest([{ path: 'pool', message: `must be one of: ${pools.map((p) => p.name).join(', ')}` }])
  const { count = 1, duration } = body
  const faults: Fault[] = []
  if (count > pool.size) faults.push({ path: 'count', message: `must be at most ${pool.size}, the size of the pool` })
  const durationMs = duration === undefined ? pool.duration.default : (parseDuration(duration) ?? 0)
  if (durationMs < MINUTE || durationMs > pool.duration.max) {
    const most = pool.duration.max / MINUTE
    faults.push({ path: 'duration', message: `must be a duration like 90m, 2h or PT1H30M, from 1 to ${most} minutes` })
  }
  const keepaliveMs = body.keepalive === undefined ? undefined : (parseDuration(body.keepalive) ?? 0)
  if (keepaliveMs !== undefined && (keepaliveMs < SHORTEST_KEEPALIVE || keepaliveMs > pool.duration.max)) {
    faults.push({
      path: 'keepalive',
      message: 'must be a duration like 5m, from 10s to the longest duration of the pool',
    })
  }
  if (faults.length > 0) throw invalidRequest(faults)
  return { pool, count, durationMs, keepalive: keepaliveMs === undefined ? {} : { keepaliveMs } }
}

/** `{extend: "30m"}` adds to the present end, `{expires_at}` names one. */
function readEnd({ extend, expires_at }: { extend?: string; expires_at?: string }): (expiresAt: number) => number {
  if ((extend === undefined) === (expires_at === undefined)) {
    throw invalidRequest([{ path: 'extend', message: 'or expires_at must be given, and not both' }])
  }
  if (expires_at !== undefined) {
    const end = Date.parse(expires_at)
    if (Number.isNaN(end))
      throw invalidRequest([{ path: 'expires_at', message: 'must be a time of RFC 3339 that there is' }])
    return () => end
  }
  const ms = parseDuration(extend ?? '')
  if (ms === null) throw invalidRequest([{ path: 'extend', message: 'must be a duration like 30m, 2h or PT1H30M' }])
  return (expiresAt) => expiresAt + ms
}

function generatePassword(): string {
  return Array.from({ length: 20 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}
