import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A socket in front of Docker's own, so that a test can take Docker away and give it back without touching it. */
export interface DockerProxy {
  /** For `dockerHost`. */
  readonly address: string
  /** From now on answers are lost: requests arrive and take effect, and nobody hears of it, until `up`. */
  mute(): void
  /**
   * Cuts all connections; from now on requests do not arrive, and each is answered with this, until `up`. "" is
   * never.
   */
  pretend(answer: string): void
  /** How many clients are connected. */
  connections(): number
  /** Cuts all connections once. */
  cut(): void
  /** Cuts all connections; nobody listens until `up`. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

/** `dockerHost` as DOCKER_HOST, `unix:` only. */
export async function openDockerProxy(dockerHost = 'unix:///var/run/docker.sock'): Promise<DockerProxy> {
  const dockerSocket = dockerHost.replace(/^unix:\/\//, '')
  const folder = mkdtempSync(join(tmpdir(), 'berth-proxy-'))
  const path = join(folder, 'docker.sock')
  const sockets = new Set<Socket>()
  const clients = new Set<Socket>()
  let silent = false
  let pretended: string | null = null
  let server: Server | null = null

  function accept(client: Socket): void {
    track(client)
    clients.add(client)
    client.once('close', () => clients.delete(client))
    if (pretended !== null) {
      const answer = pretended
      client.on('data', () => answer !== '' && client.end(answer))
      return
    }
    const upstream = track(connect({ path: dockerSocket, allowHalfOpen: true }))
    client.pipe(upstream)
    upstream.on('data', (answer: Buffer) => {
      if (!silent) client.write(answer)
    })
    upstream.once('end', () => client.end())
    client.once('close', () => upstream.destroy())
    upstream.once('close', () => client.destroy())
  }

  function track(socket: Socket): Socket {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
    return socket
  }

  async function up(): Promise<void> {
    silent = false
    if (pretended !== null) cut()
    pretended = null
    if (server !== null) return
    server = createServer({ allowHalfOpen: true }, accept).listen(path)
    await once(server, 'listening')
  }

  function cut(): void {
    for (const socket of sockets) socket.destroy()
  }

  async function down(): Promise<void> {
    const closing = server
    server = null
    closing?.close()
    cut()
    if (closing?.listening) await once(closing, 'close')
  }

  await up()
  return {
    address: `unix://${path}`,
    mute: () => {
      silent = true
    },
    pretend: (answer) => {
      cut()
      pretended = answer
    },
    connections: () => clients.size,
    cut,
    down,
    up,
    close: async () => {
      await down()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
