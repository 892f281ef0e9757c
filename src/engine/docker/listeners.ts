import { createLimit } from '../../core/limit.ts'
import type { BashRequest, BashResult } from '../../core/ports.ts'
import type { ContainerInfo } from './answers.ts'
import type { Calls } from './calls.ts'
import type { Docker } from './connection.ts'
import { Conversation } from './conversation.ts'
import { blamingGuest } from './errors.ts'
import { ask, isListening } from './listener.ts'
import { lookUp } from './lookup.ts'

/** As many conversations are open before anybody needs them: beginning one takes as long as all that is said in it. */
const MOST_ARMED = 128
/** Whatever else is asked of Docker meanwhile is more urgent. */
const ARMED_AT_ONCE = 2

/** Those who listen in the containers of one Docker. */
export class Listeners {
  readonly #docker: Docker
  readonly #calls: Calls
  readonly #deadlineMs: number
  readonly #limit = createLimit(ARMED_AT_ONCE)
  /** Ids of containers in which somebody listens as long as they are free, as of the last list. */
  #known: ReadonlySet<string> = new Set()
  /** Ids of those to be armed that are not yet. */
  #wanted = new Set<string>()
  readonly #armed = new Map<string, Conversation>()

  constructor(docker: Docker, calls: Calls, deadlineMs: number) {
    this.#docker = docker
    this.#calls = calls
    this.#deadlineMs = deadlineMs
  }

  /** All containers that there are. */
  know(infos: readonly ContainerInfo[]): void {
    this.#known = new Set(infos.filter(({ Labels }) => isListening(Labels)).map(({ Id }) => Id))
  }

  async areIn(id: string, signal: AbortSignal): Promise<boolean> {
    return this.#known.has(id) || isListening((await lookUp(this.#docker, id, signal))?.Config.Labels ?? {})
  }

  /** null when nobody has heard it; whoever hears it later is to be sent away. `guest_failed` when the container is not running. */
  async ask(id: string, request: Omit<BashRequest, 'timeoutMs'>, signal: AbortSignal): Promise<BashResult | null> {
    const armed = this.#armed.get(id)
    this.#armed.delete(id)
    this.#wanted.delete(id)
    const conversation = armed ?? (await blamingGuest(() => Conversation.attach(this.#docker, id, signal)))
    return ask(this.#docker, id, request, { conversation, signal })
  }

  /** As `Engine.arm`. */
  arm(ids: readonly string[]): void {
    const wanted = new Set(ids.filter((id) => this.#known.has(id)).slice(0, MOST_ARMED))
    for (const [id, conversation] of this.#armed) {
      if (!wanted.delete(id)) conversation.close()
    }
    const begun = this.#wanted
    this.#wanted = wanted
    for (const id of wanted) {
      if (!begun.has(id)) void this.#limit(() => this.#armOne(id))
    }
  }

  close(): void {
    this.#wanted.clear()
    for (const conversation of this.#armed.values()) conversation.close()
  }

  async #armOne(id: string): Promise<void> {
    if (!this.#wanted.has(id)) return
    try {
      const conversation = await this.#calls.run(`attach to ${id}`, this.#deadlineMs, (signal) =>
        Conversation.attach(this.#docker, id, signal),
      )
      if (!this.#wanted.has(id)) return conversation.close()
      this.#armed.set(id, conversation)
      void conversation.over.then(() => {
        if (this.#armed.get(id) === conversation) this.#armed.delete(id)
      })
    } catch {
      // It can be done without, and is tried again after the next look.
    } finally {
      this.#wanted.delete(id)
    }
  }
}
