/** Accepts WebSockets: one server for those of all routes, because each would handle the upgrades of all. */
import { setTimeout as sleep } from 'node:timers/promises'
import websocket, { type WebSocket } from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import type { RouteContext } from '../context.ts'
import { PROTOCOL } from '../terminals/handshake.ts'
import { terminalSocket } from '../terminals/view-route.ts'
import { TUNNEL_PROTOCOL, tunnelSocket } from '../tunnels/routes.ts'

/** Maximum size of a message of a client. */
const MAX_MESSAGE_BYTES = 64 * 1024
/** Maximum time for clients to answer the close when the manager stops. */
const CLOSE_TIMEOUT_MS = 100

export function webSocketRoutes(server: FastifyInstance, context: RouteContext): void {
  const { terminals, tunnels } = context
  const protocols = [PROTOCOL, TUNNEL_PROTOCOL]
  void server.register(async (sockets) => {
    await sockets.register(websocket, {
      options: {
        maxPayload: MAX_MESSAGE_BYTES,
        handleProtocols: (offered) => protocols.find((each) => offered.has(each)) ?? false,
      },
      preClose(done) {
        terminals.stop()
        tunnels.stop()
        void disconnect(sockets.websocketServer.clients).finally(done)
      },
    })
    terminalSocket(sockets, context)
    tunnelSocket(sockets, context)
  })
}

async function disconnect(clients: ReadonlySet<WebSocket>): Promise<void> {
  if (clients.size > 0) await sleep(CLOSE_TIMEOUT_MS)
  for (const client of clients) client.terminate()
}
