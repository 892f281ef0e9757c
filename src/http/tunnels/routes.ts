/** Tunnels: SSH connections to reserved containers over WebSockets. */
import type { FastifyInstance } from 'fastify'
import { BerthError } from '../../domain/errors.ts'
import { credentialOf } from '../auth/credential.ts'
import { callerOf, identityOf } from '../auth/identity.ts'
import type { RouteContext } from '../context.ts'
import { Named, Type } from '../json-schema.ts'
import { requireUpgrade } from '../websockets/upgrade.ts'
import { serveTunnel } from './connection.ts'

/** Subprotocol of the WebSocket. */
export const TUNNEL_PROTOCOL = 'berth.ssh.v1'

export function tunnelSocket(sockets: FastifyInstance, { tunnels, isStillValid }: RouteContext): void {
  sockets.route<{ Params: { name: string } }>({
    method: 'GET',
    url: '/v1/containers/:name/ssh',
    schema: OPEN_TUNNEL,
    // For programs: a page of a browser has no use for it.
    config: { ignoresCookies: true },
    preHandler: async (request) => {
      if (!request.ws) return
      assertProtocol(request.headers['sec-websocket-protocol'])
      await tunnels.assertMayOpen(request.params.name, identityOf(request))
    },
    handler: (_request, reply) => requireUpgrade(reply, '`berth ssh --tunnel` opens it'),
    wsHandler: (socket, request) => {
      const credential = credentialOf(callerOf(request))
      const caller = {
        by: identityOf(request),
        credential: JSON.stringify(credential),
        isStillAllowed: () => isStillValid(credential),
      }
      return serveTunnel(socket, (connection) => tunnels.open(request.params.name, caller, connection))
    },
  })
}

function assertProtocol(offered = ''): void {
  if (offered.split(',').some((each) => each.trim() === TUNNEL_PROTOCOL)) return
  throw new BerthError('invalid_request', `send "Sec-WebSocket-Protocol: ${TUNNEL_PROTOCOL}"`)
}

const OPEN_TUNNEL = {
  tags: ['containers'],
  operationId: 'openTunnel',
  summary: 'Connect to the SSH server of a reserved container, over a WebSocket',
  description:
    'For a container of your active reservation (admins: of any). Send `Sec-WebSocket-Protocol: berth.ssh.v1` and, ' +
    'with `auth: tokens`, an Authorization header. Binary messages are bytes of the SSH connection, in both ' +
    'directions. docs/api.md describes the close codes of the manager.',
  params: Named,
  response: { 101: Type.Null({ description: 'The WebSocket is open' }) },
}
