import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Container } from '../../core/container.ts'
import { BerthError } from '../../core/errors.ts'
import { holdersOf } from '../../core/reservation.ts'
import { IfNoneMatch, NotModified, serialised } from '../conditional.ts'
import type { ListingContext } from '../context.ts'
import { keepAnswers, viewerOf } from '../kept-answers.ts'
import { ADMIN_ONLY, identityOf } from '../access/identity.ts'
import { viewContainer } from '../pool-views.ts'
import { ContainerList, ContainerView, ListContainers, Named } from './pool-schemas.ts'

export function containerRoutes(
  server: FastifyInstance,
  { store, operating, clock, sshHost, answered }: ListingContext,
): void {
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  async function view(row: Container, request: FastifyRequest) {
    return viewContainer(row, holdersOf((await store.snapshot()).reservations), { sshHost, by: identityOf(request) })
  }

  const kept = keepAnswers()

  typed.get('/v1/containers', { schema: LIST }, async (request, reply) => {
    const { pool, state } = request.query
    const snapshot = await store.snapshot()
    const by = identityOf(request)
    const list = () => {
      const holders = holdersOf(snapshot.reservations)
      const containers = snapshot.containers
        .filter((c) => (pool === undefined || c.pool === pool) && (state === undefined || c.state === state))
        .map((c) => viewContainer(c, holders, { sshHost, by }))
      // None of it depends on the time.
      return { text: serialised(reply, { containers }), until: Number.POSITIVE_INFINITY }
    }
    return answered.send(request, reply, kept.of(snapshot, `${viewerOf(by)} ${pool} ${state}`, clock(), list))
  })

  typed.get('/v1/containers/:name', { schema: SHOW }, async (request) => {
    const row = await store.container(request.params.name)
    if (!row) throw new BerthError('not_found', 'there is no such container')
    return view(row, request)
  })

  typed.post('/v1/containers/:name/quarantine', { schema: QUARANTINE, ...ADMIN_ONLY }, async (request) => {
    return view(await operating.quarantine(request.params.name, identityOf(request)), request)
  })

  typed.post('/v1/containers/:name/recycle', { schema: RECYCLE, ...ADMIN_ONLY }, async (request, reply) => {
    reply.code(202)
    return view(await operating.recycle(request.params.name, identityOf(request)), request)
  })

  typed.post('/v1/containers/:name/return', { schema: RETURN, ...ADMIN_ONLY }, async (request, reply) => {
    reply.code(202)
    return view(await operating.giveBack(request.params.name, identityOf(request)), request)
  })
}

const LIST = {
  summary: 'Containers, who holds them, and why one is not well',
  querystring: ListContainers,
  headers: IfNoneMatch,
  response: { 200: ContainerList, 304: NotModified },
}
const SHOW = { summary: 'One container', params: Named, response: { 200: ContainerView } }
const QUARANTINE = {
  summary: 'Put a container aside that nobody holds (admin)',
  description: 'What runs there stays as it is, to be looked at, until it is returned. Nobody gets it meanwhile.',
  params: Named,
  response: { 200: ContainerView },
}
const RECYCLE = {
  summary: 'Destroy what is there and make it anew (admin)',
  description:
    'Answers when that is certain, before it is done. One that is reserved is `conflict`: release that first.',
  params: Named,
  response: { 202: ContainerView },
}
const RETURN = {
  summary: 'End a quarantine (admin)',
  description: 'It is recycled before anybody gets it. Answers when that is certain, before it is done.',
  params: Named,
  response: { 202: ContainerView },
}
