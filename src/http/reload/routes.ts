/** Applies berth.yml without a restart. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { ADMIN_ONLY, identityOf } from '../auth/identity.ts'
import type { ServerContext } from '../context.ts'
import { Reloaded } from './schemas.ts'

export function reloadRoutes(server: FastifyInstance, { reload }: ServerContext): void {
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  typed.post('/v1/reload', { schema: RELOAD, ...ADMIN_ONLY }, async (request) => {
    return { changes: [...(await reload(identityOf(request).name))] }
  })
}

const RELOAD = {
  tags: ['manager'],
  operationId: 'reloadConfig',
  summary: 'Read berth.yml again and apply it (admin)',
  description:
    'All or nothing, and without a restart. `invalid_config` (422) lists every problem of the file with its path, or ' +
    'every change that needs a restart: `listen`, `database`, `engine`, `accounts`, `instance`, `peer_networks`, ' +
    '`ssh.host_ca`, `auth` (except `auth.oidc.limits`), `trust_proxy` and `log.format`. The settings then stay as they ' +
    'were. Only the manager that answers reads its file.',
  response: { 200: Reloaded },
}
