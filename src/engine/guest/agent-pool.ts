import { createLimit } from '../../domain/concurrency.ts'
import { BerthError } from '../../domain/errors.ts'
import type { AgentRequest, BashResult, GuestAgent } from '../../ports/guest.ts'
import { hasAgent, sendRequest } from './agent.ts'
import type { GuestHost } from './guest-host.ts'
import { ProcessStream } from './process-stream.ts'

/**
 * Maximum number of connections that are open before a request needs them. Connecting takes as long as a whole request.
 */
const MAX_PRECONNECTED = 128
/** Connections are made two at a time, so that more urgent requests to the engine do not wait for them. */
const CONCURRENT_CONNECTS = 2

/** The agent exits only before a tenant has access, or when it is killed. */
const NOT_FRESH = 'the agent does not answer, so the container may have been used'

/** The agents in the containers of one engine. */
export class AgentPool implements GuestAgent {
  readonly #host: GuestHost
  readonly #connectMs: number
  readonly #limit = createLimit(CONCURRENT_CONNECTS)
  /** Ids of containers whose image has an agent, as of the last listing. */
  #known: ReadonlySet<string> = new Set()
  /** Ids of containers to connect to. */
  #wanted = new Set<string>()
  readonly #connected = new Map<string, ProcessStream>()

  constructor(host: GuestHost, connectMs: number) {
    this.#host = host
    this.#connectMs = connectMs
  }

  /** Records which containers have an agent: versions of its protocol by id, from a listing of all containers. */
  update(versions: ReadonlyMap<string, string>): void {
    this.#known = new Set([...versions].filter(([, version]) => hasAgent(version)).map(([id]) => id))
  }

  async run(id: string, { timeoutMs, ...request }: AgentRequest): Promise<BashResult | null> {
    return this.#host.run(`run bash in ${this.#host.nameOf(id)}`, timeoutMs, async (signal) => {
      if (!(await this.#isExpectedIn(id, signal))) return null
      const result = await this.#send(id, request, signal)
      if (result === null && request.last) throw new BerthError('guest_failed', NOT_FRESH)
      return result
    })
  }

  preconnect(ids: readonly string[]): void {
    const wanted = new Set(ids.filter((id) => this.#known.has(id)).slice(0, MAX_PRECONNECTED))
    for (const [id, stream] of this.#connected) {
      if (!wanted.delete(id)) stream.close()
    }
    const connecting = this.#wanted
    this.#wanted = wanted
    for (const id of wanted) {
      if (!connecting.has(id)) void this.#limit(() => this.#connect(id))
    }
  }

  close(): void {
    this.#wanted.clear()
    for (const stream of this.#connected.values()) stream.close()
  }

  async #isExpectedIn(id: string, signal: AbortSignal): Promise<boolean> {
    return this.#known.has(id) || hasAgent(await this.#host.agentVersion(id, signal))
  }

  /** Returns null if the agent does not answer. `guest_failed` if the container is not running. */
  async #send(id: string, request: Omit<AgentRequest, 'timeoutMs'>, signal: AbortSignal): Promise<BashResult | null> {
    const connected = this.#connected.get(id)
    this.#connected.delete(id)
    this.#wanted.delete(id)
    const result = connected && (await sendRequest(this.#host, id, request, { stream: connected, signal }))
    if (result) return result
    // The connection may have been lost: only an agent that does not answer on a new one is gone.
    const stream = new ProcessStream(await this.#host.attach(id, signal))
    return sendRequest(this.#host, id, request, { stream, signal })
  }

  async #connect(id: string): Promise<void> {
    if (!this.#wanted.has(id)) return
    try {
      const attached = await this.#host.run(`attach to ${this.#host.nameOf(id)}`, this.#connectMs, (signal) =>
        this.#host.attach(id, signal),
      )
      const stream = new ProcessStream(attached)
      if (!this.#wanted.has(id)) return stream.close()
      this.#connected.set(id, stream)
      void stream.over.then(() => {
        if (this.#connected.get(id) === stream) this.#connected.delete(id)
      })
    } catch {
      // A request connects by itself, and the next tick tries again.
    } finally {
      this.#wanted.delete(id)
    }
  }
}
