/** The four endpoints of the simple API. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { knownHostsLine } from '../../domain/container.ts'
import { defaultDurationMs } from '../../usecases/limits.ts'
import { boundsOf, choosePool, countProblem } from '../../usecases/rules/pool-rules.ts'
import { activeAt, listAvailable, listReservations } from './lists.ts'
import type { ServerContext } from '../context.ts'
import { latestList, represent, sendUnlessKnown } from '../etag.ts'
import { refuseLinks } from '../auth/origin-check.ts'
import { ADMIN_ONLY, identityOf } from '../auth/identity.ts'
import { decimal, readQuery, refusal, wholeNumber } from './query.ts'
import { availableDocument, releaseAllDocument, reservationsDocument, reserveDocument } from './schemas.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000

/** Route options: refuses what a browser sends because of a link, or with the cookie of a session. */
const BY_PROGRAMS = {
  config: { ignoresCookies: true },
  onRequest: (request: FastifyRequest, _reply: unknown, done: () => void): void => {
    refuseLinks(request)
    done()
  },
  // A HEAD must not change anything. Without the change, the headers of the GET are unknown.
  exposeHeadRoute: false,
}

export function simpleRoutes(server: FastifyInstance, context: ServerContext): void {
  reserveRoute(server, context)
  releaseAllRoute(server, context)
  availableRoute(server, context)
  reservationsRoute(server, context)
}

function reserveRoute(server: FastifyInstance, context: ServerContext): void {
  const { reservations, pools, settings } = context
  server.get('/reserve', { ...reserveDocument, ...BY_PROGRAMS }, async (request) => {
    const { sshHost, defaultPassword } = settings()
    const query = readQuery(request.raw.url ?? '', ['username', 'password', 'count', 'duration', 'pool'])
    const pool = choosePool(pools, query.pool)
    const { maxCount, maxDurationMs } = boundsOf(pool)
    const { username } = query
    if (username === undefined)
      throw refusal('username is missing; say for whom the containers are, like username=alice')
    if (maxCount === 0) throw refusal(`count ${countProblem(pool, 1)}`)
    const count = wholeNumber('count', query.count ?? '1', 1, maxCount)
    const by = identityOf(request)
    const minutes =
      query.duration === undefined
        ? defaultDurationMs(pool, by.limits) / MINUTE_MS
        : decimal('duration', query.duration, 1, maxDurationMs / MINUTE_MS, 'minutes')
    const chosen = query.password ?? defaultPassword
    const { reservation, containers, password } = await reservations.reserve(
      {
        pool,
        username,
        count,
        durationMs: Math.round(minutes * MINUTE_MS),
        ...(chosen !== null && { password: chosen }),
      },
      by,
    )
    return {
      status: 'success',
      message: `Reserved ${containers.map((c) => c.name).join(', ')} for ${username}`,
      username,
      password: chosen ?? password,
      containers: containers.map((c) => ({
        container: c.name,
        host: c.host ?? sshHost,
        port: c.port,
        host_key: c.hostKey,
        known_hosts: knownHostsLine(c.host ?? sshHost, c),
      })),
      reserved_until: new Date(reservation.expiresAt ?? 0).toISOString(),
      duration_minutes: minutes,
    }
  })
}

function releaseAllRoute(server: FastifyInstance, { reservations }: ServerContext): void {
  server.get(
    '/release_all',
    { ...releaseAllDocument, ...BY_PROGRAMS, onRequest: [BY_PROGRAMS.onRequest, ADMIN_ONLY.onRequest] },
    async (request) => {
      readQuery(request.raw.url ?? '', [])
      await reservations.releaseAll({}, identityOf(request))
      return { status: 'success', message: 'All containers released' }
    },
  )
}

function availableRoute(server: FastifyInstance, { store, clock }: ServerContext): void {
  const latest = latestList()
  server.get('/available', availableDocument, async (request, reply) => {
    readQuery(request.raw.url ?? '', [])
    const snapshot = await store.snapshot()
    const active = activeAt(snapshot, clock())
    const list = latest(snapshot, String(active.length), () => represent(reply, listAvailable(snapshot, active)))
    return sendUnlessKnown(request, reply, list)
  })
}

function reservationsRoute(server: FastifyInstance, { store, clock }: ServerContext): void {
  const latest = latestList()
  server.get('/reservations', reservationsDocument, async (request, reply) => {
    readQuery(request.raw.url ?? '', [])
    const snapshot = await store.snapshot()
    const by = identityOf(request)
    const active = activeAt(snapshot, clock())
    // Minutes are shown to a tenth: whole seconds are exact enough, and let one list serve every request of a second.
    const now = Math.floor(clock() / SECOND_MS) * SECOND_MS
    const key = JSON.stringify([by.role, by.name, active.length, now])
    const list = latest(snapshot, key, () => represent(reply, listReservations(snapshot, active, { by, now })))
    return sendUnlessKnown(request, reply, list)
  })
}
