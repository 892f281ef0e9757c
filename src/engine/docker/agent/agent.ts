/**
 * The manager's side of the guest agent (`images/agent`), which waits on the stdin of a free container. A request costs
 * a small part of an exec and needs nothing prepared: the next manager finds the agent waiting, too.
 */
import { randomBytes } from 'node:crypto'
import type { AgentRequest, BashResult } from '../../../ports/guest.ts'
import type { Docker } from '../api/client.ts'
import type { ExecStream } from '../api/exec-stream.ts'
import { inspectContainer } from '../api/inspect.ts'

/**
 * Set on images whose entrypoint starts the agent; its value is the version of the protocol. Users' images set it to
 * the empty string, so it keeps its name.
 */
const LABEL = 'berth.listens'
/** Both have the same protocol. Images of version 4 also start a relay. */
const VERSIONS = ['3', '4']
const RELAY_VERSION = '4'
/**
 * An agent acknowledges within 2 ms on a quiet host, later if many are asked at once. After the first time the
 * container is inspected, as it may be down. After the second time no agent is there.
 */
const USUAL_ACK_MS = 1_000
const MAX_ACK_MS = 5_000

type Request = Omit<AgentRequest, 'timeoutMs'>

/** `labels` of a container include those of its image. */
export function hasAgent(labels: Readonly<Record<string, string>>): boolean {
  return VERSIONS.includes(labels[LABEL] ?? '')
}

/** Whether the entrypoint of the image starts the relay of the session commands. */
export function hasRelay(labels: Readonly<Record<string, string>>): boolean {
  return labels[LABEL] === RELAY_VERSION
}

/**
 * Sends the request on an unused connection and closes that. Returns null if the agent does not acknowledge in time; it
 * may still run the program later.
 */
export async function sendRequest(
  docker: Docker,
  id: string,
  request: Request,
  { stream, signal }: { readonly stream: ExecStream; readonly signal: AbortSignal },
): Promise<BashResult | null> {
  const requestId = randomBytes(8).toString('hex')
  try {
    stream.write(encode(requestId, request))
    const acknowledges = (ms: number) =>
      stream.waitFor(new RegExp(`berth-begin ${requestId}\n`), AbortSignal.any([signal, AbortSignal.timeout(ms)]))
    const acknowledged =
      (await acknowledges(USUAL_ACK_MS)) ??
      ((await isRunning(docker, id, signal)) ? await acknowledges(MAX_ACK_MS) : null)
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

async function isRunning(docker: Docker, id: string, signal: AbortSignal): Promise<boolean> {
  return (await inspectContainer(docker, id, signal))?.State.Running === true
}
