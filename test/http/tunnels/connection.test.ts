/** The connection of a tunnel after sshd has closed it, while the manager finds out why. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import { serveTunnel } from '../../../src/http/tunnels/connection.ts'
import { standInForSshd, TunnelClient } from '../../support/http/tunnel-client.ts'

it('is still read, and its messages are discarded, until the manager knows why sshd has closed it', async () => {
  const echo = await standInForSshd()
  const reason = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  const closeIfOver = () => {
    asked.resolve()
    return reason.promise
  }
  const tunnel = { address: echo.address, closeIfOver, leave: () => left.resolve() }
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  after(() => server.close())
  server.on('connection', (socket) => void serveTunnel(socket, async () => tunnel))
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = await new TunnelClient({ address: `http://127.0.0.1:${port}`, container: 'any' }).opened()
  client.socket.send(Buffer.from('hello'))
  await client.receives('hello')
  for (const socket of echo.connections) socket.end()
  await asked.promise
  client.socket.send(Buffer.from('too late'))
  // The manager reads this message before the close.
  await sleep(50)
  client.socket.close()
  await left.promise
  assert.equal(client.received.toString(), 'hello')
  reason.resolve()
})
