/** A live view that keeps its messages. */
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { openClient } from '../../../src/client/client.ts'
import { followLive, type LiveMessage, type LiveOptions } from '../../../src/client/events.ts'
import { eventually } from '../../../lab/eventually.ts'

type Kind = LiveMessage['kind']

export class LiveWatch {
  readonly messages: LiveMessage[] = []
  readonly hurry = new EventTarget()
  /** Resolves when the messages are over; rejects when the manager refuses. */
  readonly over: Promise<void>
  readonly #stop = new AbortController()

  /** Begins to follow, until the tests of the file or suite are over. */
  constructor(url: string, options: LiveOptions & { token?: string } = {}) {
    this.over = this.#follow(url, options)
    // Tests that await it see the error.
    this.over.catch(() => undefined)
    after(() => this.stop())
  }

  async #follow(url: string, { token, ...options }: LiveOptions & { token?: string }): Promise<void> {
    const live = followLive(openClient({ url, token }), { signal: this.#stop.signal, hurry: this.hurry, ...options })
    for await (const message of live) this.messages.push(message)
  }

  stop(): void {
    this.#stop.abort()
  }

  of<K extends Kind>(kind: K): Extract<LiveMessage, { kind: K }>[] {
    return this.messages.filter((message) => message.kind === kind) as Extract<LiveMessage, { kind: K }>[]
  }

  /** Waits until that many messages of a kind have arrived. Fails if the view ends before. */
  async heard(kind: Kind, count = 1): Promise<void> {
    let isOver = false
    void this.over.catch(() => undefined).then(() => (isOver = true))
    await eventually(async () => {
      if (isOver) return true
      return this.of(kind).length >= count
    })
    assert.ok(this.of(kind).length >= count, `over after ${this.of(kind).length} messages "${kind}"`)
  }

  /** Returns the ids of the events, in the order in which they came. */
  ids(): number[] {
    return this.of('event').map(({ event }) => event.id)
  }
}
