import { createLimit } from '../../../domain/concurrency.ts'
import { BerthError } from '../../../domain/errors.ts'
import type { AgentRequest, BashResult, GuestAgent } from '../../../ports/guest.ts'
import type { Docker } from '../api/client.ts'
import type { Requests } from '../api/requests.ts'
import { asGuestError } from '../api/errors.ts'
import { ExecStream } from '../api/exec-stream.ts'
import { assertFullId, shortId } from '../api/ids.ts'
import { inspectContainer } from '../api/inspect.ts'
import type { ContainerInfo } from '../api/types.ts'
import { hasAgent, sendRequest } from './agent.ts'

/**
 * Maximum number of connections that are open before a request needs them. Connecting takes as long as a whole request.
 */
const MAX_PRECONNECTED = 128
/** Connections are made two at a time, so that more urgent requests to Docker do not wait for them. */
const CONCURRENT_CONNECTS = 2

/** The agent exits only before a tenant has access, or when it is killed. */
const NOT_FRESH = 'the agent does not answer, so the container may have been used'

/** The agents in the containers of one Docker host. */
export class AgentPool implements GuestAgent {
  readonly #docker: Docker
  readonly #requests: Requests
  readonly #connectMs: number
  readonly #limit = createLimit(CONCURRENT_CONNECTS)
  /** Ids of containers whose image has an agent, as of the last listing. */
  #known: ReadonlySet<string> = new Set()
  /** Ids of containers to connect to. */
  #wanted = new Set<string>()
  readonly #connected = new Map<string, ExecStream>()

  constructor(docker: Docker, requests: Requests, connectMs: number) {
    this.#docker = docker
    this.#requests = requests
    this.#connectMs = connectMs
  }

  /** Records which containers have an agent, by a listing of all of them. */
  update(infos: readonly ContainerInfo[]): void {
    this.#known = new Set(infos.filter(({ Labels }) => hasAgent(Labels)).map(({ Id }) => Id))
  }

  async run(id: string, { timeoutMs, ...request }: AgentRequest): Promise<BashResult | null> {
    return this.#requests.run(`run bash in ${shortId(id)}`, timeoutMs, async (signal) => {
      if (!(await this.#isExpectedIn(assertFullId(id), signal))) return null
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
    return this.#known.has(id) || hasAgent((await inspectContainer(this.#docker, id, signal))?.Config.Labels ?? {})
  }

  /** Returns null if the agent does not answer. `guest_failed` if the container is not running. */
  async #send(id: string, request: Omit<AgentRequest, 'timeoutMs'>, signal: AbortSignal): Promise<BashResult | null> {
    const connected = this.#connected.get(id)
    this.#connected.delete(id)
    this.#wanted.delete(id)
    const result = connected && (await sendRequest(this.#docker, id, request, { stream: connected, signal }))
    if (result) return result
    // The connection may have been lost: only an agent that does not answer on a new one is gone.
    const stream = await asGuestError(() => ExecStream.attach(this.#docker, id, signal))
    return sendRequest(this.#docker, id, request, { stream, signal })
  }

  async #connect(id: string): Promise<void> {
    if (!this.#wanted.has(id)) return
    try {
      const stream = await this.#requests.run(`attach to ${id}`, this.#connectMs, (signal) =>
        ExecStream.attach(this.#docker, id, signal),
      )
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
