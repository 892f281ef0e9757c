/** The seed's four endpoints, as its users know them. */
import type { FastifyInstance } from 'fastify'
import { maySee } from '../../core/identity.ts'
import type { Pool } from '../../core/pool.ts'
import type { Pools } from '../../core/pools.ts'
import { holdersOf, isActive, type Reservation } from '../../core/reservation.ts'
import type { ServerContext } from '../context.ts'
import { ADMIN_ONLY, identityOf } from '../access/identity.ts'
import { decimal, readQuery, refusal, wholeNumber } from '../query.ts'
import { availableDocument, releaseAllDocument, reservationsDocument, reserveDocument } from './compat-schemas.ts'

const MINUTE = 60_000
const DEFAULT_PASSWORD = 'test'

export function compatRoutes(server: FastifyInstance, context: ServerContext): void {
  const { reserving, store, pools, clock, sshHost } = context

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

  server.get('/available', availableDocument, async (request) => {
    readQuery(request.raw.url ?? '', [])
    const { containers, reservations } = await store.snapshot()
    const now = clock()
    const held = holdersAt(reservations, now)
    return {
      available: containers.filter((c) => c.state === 'ready').map((c) => c.name),
      reserved: containers.filter((c) => held.has(c.name)).map((c) => c.name),
    }
  })

  server.get('/reservations', reservationsDocument, async (request) => {
    readQuery(request.raw.url ?? '', [])
    const { containers, reservations } = await store.snapshot()
    const now = clock()
    const by = identityOf(request)
    const theirs = reservations.filter((reservation) => maySee(by, reservation))
    const holders = holdersAt(theirs, now)
    return {
      reservations: containers.flatMap(({ name }) => {
        const holder = holders.get(name)
        if (!holder) return []
        const expiresAt = holder.expiresAt ?? now
        return [
          {
            username: holder.username,
            container: name,
            expiration_time: localTime(expiresAt),
            time_remaining: `${((expiresAt - now) / MINUTE).toFixed(1)} minutes remaining`,
          },
        ]
      }),
    }
  })
}

/** By name of the container, what is lent at this moment. */
function holdersAt(reservations: readonly Reservation[], now: number): ReadonlyMap<string, Reservation> {
  return holdersOf(reservations.filter((r) => isActive(r, now)))
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

/** "2026-11-23 14:30:00" in the server's time zone. */
function localTime(epochMs: number): string {
  const time = new Date(epochMs)
  const two = (part: number) => String(part).padStart(2, '0')
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-')
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`
}
