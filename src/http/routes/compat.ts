/** The seed's four endpoints, as its users know them. */
import type { FastifyInstance } from 'fastify'
import { DEFAULT_PASSWORD } from '../../core/account.ts'
import type { Pool } from '../../core/pool.ts'
import type { Pools } from '../../core/pools.ts'
import { listAvailable, listReservations } from '../compat-lists.ts'
import type { ListingContext } from '../context.ts'
import { keepAnswers, viewerOf } from '../kept-answers.ts'
import { ADMIN_ONLY, identityOf } from '../access/identity.ts'
import { decimal, readQuery, refusal, wholeNumber } from '../query.ts'
import { availableDocument, releaseAllDocument, reservationsDocument, reserveDocument } from './compat-schemas.ts'

const MINUTE = 60_000

export function compatRoutes(server: FastifyInstance, context: ListingContext): void {
  const { reserving, store, pools, clock, sshHost, answered } = context

  server.get('/reserve', reserveDocument, async (request) => {
    const query = readQuery(request.raw.url ?? '', ['username', 'password', 'count', 'duration', 'pool'])
    const pool = poolNamed(pools, query.pool)
    const { username, password = DEFAULT_PASSWORD } = query
    if (username === undefined)
      throw refusal('username is missing; say for whom the containers are, like username=alice')
    const count = wholeNumber('count', query.count ?? '1', 1, pool.size)
    const standard = String(pool.duration.default / MINUTE)
    const minutes = decimal('duration', query.duration ?? standard, 1, pool.duration.max / MINUTE, 'minutes')
    const durationMs = Math.round(minutes * MINUTE)
    const wanted = { pool, username, password, count, durationMs }
    const { reservation, containers } = await reserving.reserve(wanted, identityOf(request))
    return {
      status: 'success',
      message: `Reserved ${containers.map((c) => c.name).join(', ')} for ${username}`,
      username,
      password,
      containers: containers.map((c) => ({ container: c.name, host: sshHost, port: c.port, host_key: c.hostKey })),
      reserved_until: new Date(reservation.expiresAt ?? 0).toISOString(),
      duration_minutes: minutes,
    }
  })

  server.get('/release_all', { ...releaseAllDocument, ...ADMIN_ONLY }, async (request) => {
    readQuery(request.raw.url ?? '', [])
    await reserving.releaseAll({}, identityOf(request))
    return { status: 'success', message: 'All containers released' }
  })

  const kept = keepAnswers()

  server.get('/available', availableDocument, async (request, reply) => {
    readQuery(request.raw.url ?? '', [])
    const snapshot = await store.snapshot()
    const now = clock()
    return answered.send(
      request,
      reply,
      kept.of(snapshot, 'available', now, () => listAvailable(snapshot, now)),
    )
  })

  server.get('/reservations', reservationsDocument, async (request, reply) => {
    readQuery(request.raw.url ?? '', [])
    const snapshot = await store.snapshot()
    const now = clock()
    const by = identityOf(request)
    return answered.send(
      request,
      reply,
      kept.of(snapshot, `reservations ${viewerOf(by)}`, now, () => listReservations(snapshot, by, now)),
    )
  })
}

function poolNamed(pools: Pools, name: string | undefined): Pool {
  const pool = name === undefined ? pools.all()[0] : pools.named(name)
  if (!pool)
    throw refusal(
      `pool must be one of: ${pools
        .all()
        .map((p) => p.name)
        .join(', ')}`,
    )
  return pool
}
