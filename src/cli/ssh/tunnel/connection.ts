/** Connects to the SSH server of a container through the manager. */
import { globalAgent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import type { IncomingMessage } from 'node:http'
import { ApiError, problemOf, Unreachable } from '../../../client/client.ts'
import { EXIT, type ExitCode, Failure } from '../../failures.ts'

const PROTOCOL = 'berth.ssh.v1'
const HANDSHAKE_TIMEOUT_MS = 20_000
/** Time in which a manager that restarts, or a container that is just being replaced, may come back. */
const RETRY_FOR_MS = 10_000
const RETRY_EVERY_MS = 500
/** Maximum size of the body of a refusal. */
const MAX_BODY_BYTES = 64 * 1024

export interface TunnelRequest {
  readonly url: string
  readonly token: string | undefined
  readonly container: string
}

/** A tunnel to a server that has answered. */
export interface OpenTunnel {
  /** Paused. */
  readonly socket: WebSocket
  /** What sshd has sent first. */
  readonly first: Buffer
}

/** Statuses and close codes after which the same request may succeed soon. */
const TEMPORARY_STATUSES: readonly number[] = [502, 503, 504]
const TEMPORARY_CLOSES: readonly number[] = [1006, 1012, 1013]

/** The manager closed the tunnel. */
export class TunnelClosed extends Failure {
  readonly closeCode: number

  constructor(closeCode: number, reason: string) {
    const exits: Readonly<Record<number, ExitCode>> = {
      1006: EXIT.unreachable,
      1012: EXIT.unreachable,
      1013: EXIT.unreachable,
      4401: EXIT.unauthorised,
      4429: EXIT.notNow,
    }
    const lost = 'the connection to the manager was lost'
    super(
      exits[closeCode] ?? EXIT.failed,
      reason || (closeCode === 1006 ? lost : `the tunnel was closed (${closeCode})`),
    )
    this.closeCode = closeCode
  }
}

/**
 * Resolves when sshd has answered. Until then nothing is sent, so that a try can be repeated. Repeats tries for some
 * seconds while the manager cannot be reached or asks to try again. Throws what the last one has failed with.
 */
export async function openTunnel(request: TunnelRequest): Promise<OpenTunnel> {
  const until = performance.now() + RETRY_FOR_MS
  for (;;) {
    try {
      return await tryOnce(request)
    } catch (error) {
      if (!isTemporary(error) || performance.now() > until) throw error
    }
    await sleep(RETRY_EVERY_MS)
  }
}

function isTemporary(error: unknown): boolean {
  if (error instanceof TunnelClosed) return TEMPORARY_CLOSES.includes(error.closeCode)
  if (error instanceof ApiError) return TEMPORARY_STATUSES.includes(error.status)
  return error instanceof Unreachable && (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET')
}

async function tryOnce({ url, token, container }: TunnelRequest): Promise<OpenTunnel> {
  const address = `${url.replace(/^http/i, 'ws')}/v1/containers/${encodeURIComponent(container)}/ssh`
  // Loaded here, so that other commands start without it.
  const { WebSocket: Client } = await import('ws')
  const socket = new Client(address, [PROTOCOL], {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    perMessageDeflate: false,
    // Goes through the proxy of HTTPS_PROXY with NODE_USE_ENV_PROXY=1, as fetch does.
    ...(url.startsWith('https:') && { agent: globalAgent }),
  })
  try {
    return await new Promise<OpenTunnel>((resolve, reject) => {
      socket.once('message', (first: Buffer) => {
        socket.pause()
        resolve({ socket, first })
      })
      socket.once('unexpected-response', (_request, response) => void refusalOf(url, response).then(reject, reject))
      // Also after the promise is settled: an error without a listener would end the process.
      socket.on('error', (error) => reject(new Unreachable(url, error)))
      socket.once('close', (code, reason) => reject(new TunnelClosed(code, reason.toString())))
    })
  } catch (error) {
    socket.terminate()
    throw error
  }
}

/** Returns the error of an answer that is no WebSocket. */
async function refusalOf(url: string, message: IncomingMessage): Promise<ApiError> {
  const { statusCode: status = 500, headers } = message
  let text = ''
  for await (const chunk of message.setEncoding('utf8')) {
    text += chunk
    if (text.length > MAX_BODY_BYTES) break
  }
  const answer = new Response(null, { status, headers: { location: headers.location ?? '' } })
  return problemOf(parsed(text), Object.defineProperty(answer, 'url', { value: url }))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
