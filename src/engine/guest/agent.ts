/**
 * The manager's side of the guest agent (`images/agent`), which waits on the stdin of a free container. A request costs
 * a small part of an exec and needs nothing prepared: the next manager finds the agent waiting, too.
 */
import { randomBytes } from 'node:crypto'
import type { AgentRequest, BashResult } from '../../ports/guest.ts'
import type { GuestHost } from './guest-host.ts'
import type { ProcessStream } from './process-stream.ts'

/**
 * Set on images whose entrypoint starts the agent; its value is the version of the protocol. Users' images set it to
 * the empty string, so it keeps its name.
 */
export const AGENT_LABEL = 'berth.listens'
/** Both have the same protocol. Images of version 4 also start a relay. */
const VERSIONS = ['3', '4']
/** The present one. */
export const AGENT_VERSION = '4'
/**
 * An agent acknowledges within 2 ms on a quiet host, later if many are asked at once. After the first time the
 * container is inspected, as it may be down. After the second time no agent is there.
 */
const USUAL_ACK_MS = 1_000
const MAX_ACK_MS = 5_000

type Request = Omit<AgentRequest, 'timeoutMs'>

/** `version` is that of an image's label. */
export function hasAgent(version: string): boolean {
  return VERSIONS.includes(version)
}

/** Whether the entrypoint of the image starts the relay of the session commands. */
export function hasRelay(version: string): boolean {
  return version === AGENT_VERSION
}

/**
 * Sends the request on an unused connection and closes that. Returns null if the agent does not acknowledge in time; it
 * may still run the program later.
 */
export async function sendRequest(
  host: GuestHost,
  id: string,
  request: Request,
  { stream, signal }: { readonly stream: ProcessStream; readonly signal: AbortSignal },
): Promise<BashResult | null> {
  const requestId = randomBytes(8).toString('hex')
  try {
    stream.write(encode(requestId, request))
    const acknowledges = (ms: number) =>
      stream.waitFor(new RegExp(`berth-begin ${requestId}\n`), AbortSignal.any([signal, AbortSignal.timeout(ms)]))
    const acknowledged =
      (await acknowledges(USUAL_ACK_MS)) ?? ((await host.isRunning(id, signal)) ? await acknowledges(MAX_ACK_MS) : null)
    signal.throwIfAborted()
    if (!acknowledged) return null
    const whole = new RegExp(`berth-begin ${requestId}\n([^]*)\nberth-end ${requestId} (\\d+)\n`)
    const end = await stream.waitFor(whole, signal)
    signal.throwIfAborted()
    const [, output = '', code] = end ?? []
    return { output, code: Number(code ?? 137) }
  } finally {
    stream.close()
  }
}

function encode(id: string, { program, last }: Request): string {
  // The first line feed ends what a manager that died in the middle of a request may have left in the pipe.
  return `\nberth-run ${id} ${Buffer.byteLength(program)} ${last ? 'last' : 'more'}\n${program}`
}
