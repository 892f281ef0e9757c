/** Forwards the bytes of one connection to sshd, in both directions. Nothing in them is interpreted. */
import { connect, type Socket } from 'node:net'
import { BerthError, reasonOf } from '../domain/errors.ts'
import type { SshAddress } from '../ports/engine.ts'
import type { AcceptedConnection, Gateway } from '../usecases/gateway/gateway.ts'

/** Maximum time to connect to sshd. */
const CONNECT_MS = 5_000
/** Silence after which the kernel checks whether the other end is still there. */
const KEEPALIVE_MS = 30_000

/**
 * Forwards a paused connection to the container that has this port, until one end closes it or the gateway does. Closes
 * it if it may not be forwarded; `onRefusal` is then called with the reason.
 */
export async function forward(client: Socket, { gateway, port, onRefusal }: ForwardOptions): Promise<void> {
  let sshd: Socket | null = null
  const close = () => {
    client.destroy()
    sshd?.destroy()
  }
  // Handled by the event `close`, which follows.
  client.on('error', () => {})
  let accepted: AcceptedConnection | null = null
  try {
    const source = client.remoteAddress
    // It was closed before it was handled.
    if (source === undefined) return close()
    accepted = await gateway.accept({ port, source }, close)
    sshd = await dial(accepted.address)
    await accepted.confirm()
    join(client, sshd, accepted.leave)
  } catch (error) {
    accepted?.leave()
    close()
    onRefusal(reasonOf(error))
  }
}

interface ForwardOptions {
  readonly gateway: Gateway
  readonly port: number
  readonly onRefusal: (reason: string) => void
}

/** Resolves with a paused connection. Throws `engine_unavailable`. */
async function dial(address: SshAddress): Promise<Socket> {
  const sshd = connect({
    ...address,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEPALIVE_MS,
  })
  sshd.pause()
  sshd.setTimeout(CONNECT_MS, () => sshd.destroy(new Error(`no answer within ${CONNECT_MS / 1_000} s`)))
  const connected = Promise.withResolvers<void>()
  sshd.once('connect', connected.resolve)
  sshd.once('close', () => connected.reject(new Error('closed')))
  sshd.on('error', connected.reject)
  try {
    await connected.promise
    sshd.setTimeout(0)
    return sshd
  } catch (error) {
    sshd.destroy()
    throw new BerthError('engine_unavailable', `sshd does not answer: ${reasonOf(error)}`, { cause: error })
  }
}

/** A slow reader stops its sender, because `pipe` waits for it. The end of one direction leaves the other one open. */
function join(client: Socket, sshd: Socket, leave: () => void): void {
  client.setNoDelay(true)
  client.setKeepAlive(true, KEEPALIVE_MS)
  client.pipe(sshd)
  sshd.pipe(client)
  let closed = 0
  for (const [socket, other] of [
    [client, sshd],
    [sshd, client],
  ] as const) {
    const ended = () => {
      // What has arrived completely is delivered first, however slowly the other end reads.
      if (socket.readableEnded) other.destroySoon()
      else other.destroy()
      closed += 1
      if (closed === 2) leave()
    }
    if (socket.closed) ended()
    else socket.once('close', ended)
  }
}
