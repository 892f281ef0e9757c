/** The host keys of reserved containers, as a file for ssh. */
import type { FastifyInstance } from 'fastify'
import { type Container, knownHostsLine } from '../../domain/container.ts'
import { type Identity, maySee } from '../../domain/identity.ts'
import { holdersOf, type Reservation, stateAt } from '../../domain/reservation.ts'
import { identityOf } from '../auth/identity.ts'
import type { ServerContext } from '../context.ts'
import { IfNoneMatch, latestList, NotModified, representText, sendUnlessKnown } from '../etag.ts'
import { Type } from '../json-schema.ts'

export function knownHostsRoutes(server: FastifyInstance, { store, clock, settings, hostCaKey }: ServerContext): void {
  const latest = latestList()
  server.get('/v1/known_hosts', { schema: LIST }, async (request, reply) => {
    const snapshot = await store.snapshot()
    const by = identityOf(request)
    const { sshHost } = settings()
    const now = clock()
    // Of one snapshot they only become fewer as time goes on, so their number says which they are.
    const lent = snapshot.reservations.filter((r) => ['preparing', 'active'].includes(stateAt(r, now)))
    const key = JSON.stringify([by.role, by.name, lent.length, sshHost])
    const list = latest(snapshot, key, () =>
      representText(linesOf(snapshot.containers, lent, { by, sshHost, hostCaKey })),
    )
    return sendUnlessKnown(request, reply, list)
  })
}

function linesOf(
  containers: readonly Container[],
  lent: readonly Reservation[],
  { by, sshHost, hostCaKey }: { readonly by: Identity; readonly sshHost: string; readonly hostCaKey: string | null },
): string {
  const held = holdersOf(lent.filter((r) => maySee(by, r)))
  const hostKeys = containers
    .filter(({ name }) => held.has(name))
    .flatMap((row) => knownHostsLine(row.host ?? sshHost, row) ?? [])
  const authority = hostCaKey === null ? [] : [authorityLine(containers, sshHost, hostCaKey)]
  return [...authority, ...hostKeys].map((line) => `${line}\n`).join('')
}

/**
 * Returns the line of known_hosts that trusts every container, reserved or not: users add it once. It does not trust
 * port 22 of a host, where the host's own sshd listens, unless that is a container's port.
 */
function authorityLine(containers: readonly Container[], sshHost: string, key: string): string {
  const patterns = containers.flatMap(({ host, port }) => (host === null ? [] : [patternOf(host, port)]))
  return `@cert-authority ${[...new Set([`[${sshHost}]:*`, ...patterns])].join(',')} ${key}`
}

function patternOf(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:*`
}

const LIST = {
  tags: ['containers'],
  operationId: 'getKnownHosts',
  summary: 'Host keys of your reserved containers, as known_hosts of ssh; of all, for admins',
  headers: IfNoneMatch,
  response: {
    200: {
      description: 'A line for each container; with ssh.host_ca, a line with @cert-authority before them',
      content: { 'text/plain': { schema: Type.String() } },
    },
    304: NotModified,
  },
}
