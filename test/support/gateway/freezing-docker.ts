/** Docker behind a socket that stops forwarding, as when its machine hangs. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

const DOCKER_SOCKET = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace(/^unix:\/\//, '')

export interface FreezingDocker {
  /** As DOCKER_HOST. */
  readonly address: string
  /** Nothing is forwarded and nothing is closed any more. */
  freeze(): void
  /** Closes all connections, and serves new ones. */
  thaw(): void
}

export async function freezingDocker(): Promise<FreezingDocker> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-freeze-'))
  const sockets = new Set<Socket>()
  let isFrozen = false
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const docker = connect({ path: DOCKER_SOCKET, allowHalfOpen: true })
    for (const [from, to] of [
      [client, docker],
      [docker, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => from.destroy())
      from.on('data', (bytes) => void (isFrozen || to.write(bytes)))
      from.once('end', () => void (isFrozen || to.end()))
      from.once('close', () => {
        sockets.delete(from)
        if (!isFrozen) to.destroy()
      })
    }
  }).listen(join(folder, 'docker.sock'))
  await once(server, 'listening')
  const closeAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  after(() => {
    server.close()
    closeAll()
    rmSync(folder, { recursive: true })
  })
  return {
    address: `unix://${join(folder, 'docker.sock')}`,
    freeze() {
      isFrozen = true
    },
    thaw() {
      isFrozen = false
      closeAll()
    },
  }
}
