/** The host keys of reserved containers, as a file for ssh. */
import type { FastifyInstance } from 'fastify'
import { type Container, knownHostsLine } from '../../domain/container.ts'
import { type Identity, maySee } from '../../domain/identity.ts'
import { holdersOf, type Reservation, stateAt } from '../../domain/reservation.ts'
import { identityOf } from '../auth/identity.ts'
import type { ServerContext } from '../context.ts'
import { IfNoneMatch, latestList, NotModified, representText, sendUnlessKnown } from '../etag.ts'
import { Type } from '../json-schema.ts'

export function knownHostsRoutes(server: FastifyInstance, { store, clock, sshHost }: ServerContext): void {
  const latest = latestList()
  server.get('/v1/known_hosts', { schema: LIST }, async (request, reply) => {
    const snapshot = await store.snapshot()
    const by = identityOf(request)
    const now = clock()
    // Of one snapshot they only become fewer as time goes on, so their number says which they are.
    const lent = snapshot.reservations.filter((r) => ['preparing', 'active'].includes(stateAt(r, now)))
    const key = JSON.stringify([by.role, by.name, lent.length])
    const list = latest(snapshot, key, () => representText(linesOf(snapshot.containers, lent, { by, sshHost })))
    return sendUnlessKnown(request, reply, list)
  })
}

function linesOf(
  containers: readonly Container[],
  lent: readonly Reservation[],
  { by, sshHost }: { readonly by: Identity; readonly sshHost: string },
): string {
  const held = holdersOf(lent.filter((r) => maySee(by, r)))
  return containers
    .filter(({ name }) => held.has(name))
    .flatMap((row) => knownHostsLine(row.host ?? sshHost, row) ?? [])
    .map((line) => `${line}\n`)
    .join('')
}

const LIST = {
  summary: 'Host keys of your reserved containers, as known_hosts of ssh; of all, for admins',
  headers: IfNoneMatch,
  response: {
    200: { description: 'A line for each container', content: { 'text/plain': { schema: Type.String() } } },
    304: NotModified,
  },
}
