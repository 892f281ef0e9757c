import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Container } from '../../domain/container.ts'
import { BerthError } from '../../domain/errors.ts'
import { holdersOf } from '../../domain/reservation.ts'
import { IfNoneMatch, latestList, NotModified, represent, sendUnlessKnown } from '../etag.ts'
import type { ServerContext } from '../context.ts'
import { ADMIN_ONLY, identityOf } from '../auth/identity.ts'
import { viewContainer } from './views.ts'
import { ContainerList, ContainerView, ListContainers } from './schemas.ts'
import { Named } from '../json-schema.ts'

export function containerRoutes(
  server: FastifyInstance,
  { store, admin, reservations, settings }: ServerContext,
): void {
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  async function view(row: Container, request: FastifyRequest) {
    const holders = holdersOf((await store.snapshot()).reservations)
    return viewContainer(row, holders, { sshHost: settings().sshHost, by: identityOf(request) })
  }

  const latest = latestList()
  typed.get('/v1/containers', { schema: LIST }, async (request, reply) => {
    const { pool, state } = request.query
    const snapshot = await store.snapshot()
    const by = identityOf(request)
    const { sshHost } = settings()
    const make = () => {
      const holders = holdersOf(snapshot.reservations)
      const containers = snapshot.containers
        .filter((c) => (pool === undefined || c.pool === pool) && (state === undefined || c.state === state))
        .map((c) => viewContainer(c, holders, { sshHost, by }))
      return represent(reply, { containers })
    }
    return sendUnlessKnown(
      request,
      reply,
      latest(snapshot, JSON.stringify([by.role, by.name, pool, state, sshHost]), make),
    )
  })

  typed.get('/v1/containers/:name', { schema: SHOW }, async (request) => {
    const { name } = request.params
    const row = await store.container(name)
    if (!row) throw new BerthError('not_found', `there is no container "${name}"`)
    return view(row, request)
  })

  typed.post('/v1/containers/:name/quarantine', { schema: QUARANTINE, ...ADMIN_ONLY }, async (request) => {
    return view(await admin.quarantine(request.params.name, identityOf(request)), request)
  })

  typed.post('/v1/containers/:name/recycle', { schema: RECYCLE, ...ADMIN_ONLY }, async (request, reply) => {
    reply.code(202)
    return view(await admin.recycle(request.params.name, identityOf(request)), request)
  })

  typed.post('/v1/containers/:name/reset', { schema: RESET }, async (request, reply) => {
    reply.code(202)
    return view(await reservations.reset(request.params.name, identityOf(request)), request)
  })

  typed.post('/v1/containers/:name/return', { schema: RETURN, ...ADMIN_ONLY }, async (request, reply) => {
    reply.code(202)
    return view(await admin.endQuarantine(request.params.name, identityOf(request)), request)
  })
}

const LIST = {
  tags: ['containers'],
  operationId: 'listContainers',
  summary: 'Containers, their holders, and why one is unhealthy',
  querystring: ListContainers,
  headers: IfNoneMatch,
  response: { 200: ContainerList, 304: NotModified },
}
const SHOW = {
  tags: ['containers'],
  operationId: 'getContainer',
  summary: 'One container',
  params: Named,
  response: { 200: ContainerView },
}
const QUARANTINE = {
  tags: ['containers'],
  operationId: 'quarantineContainer',
  summary: 'Quarantine a container that is not reserved (admin)',
  description: 'What runs there is kept for inspection until the container is returned. It is not lent meanwhile.',
  params: Named,
  response: { 200: ContainerView },
}
const RECYCLE = {
  tags: ['containers'],
  operationId: 'recycleContainer',
  summary: 'Destroy a container and create it again (admin)',
  description:
    'Answers once this is recorded, before the container is destroyed. `conflict` for a reserved container: ' +
    'release its reservation first.',
  params: Named,
  response: { 202: ContainerView },
}
const RESET = {
  tags: ['containers'],
  operationId: 'resetContainer',
  summary: 'Replace a container of your active reservation with a fresh one',
  description:
    'Destroys the container and creates the next generation with the same account, password and keys; the reservation ' +
    'stays as it is. Answers once this is recorded, with the present generation. The fresh container can be used when ' +
    'the reservation shows a later generation that is `ready`.',
  params: Named,
  response: { 202: ContainerView },
}
const RETURN = {
  tags: ['containers'],
  operationId: 'returnContainer',
  summary: 'End a quarantine (admin)',
  description:
    'The container is recycled before it is lent again. Answers once this is recorded, before the container is ' +
    'destroyed.',
  params: Named,
  response: { 202: ContainerView },
}
