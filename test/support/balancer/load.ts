/** Clients of several managers behind a load balancer, which record each failed request and each event. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../../../src/domain/errors.ts'

interface Reservation {
  readonly id: string
  readonly state: string
}

export class Load {
  readonly #url: string
  readonly #isRepeatable: boolean
  readonly #over = new AbortController()
  readonly #running: Promise<void>[] = []
  /** Failed requests and unexpected answers. */
  readonly failures: string[] = []
  /** Number of reservations that were made, seen and released. */
  rounds = 0
  /** Number of other requests that were answered. */
  reads = 0
  changes = 0

  /**
   * `isRepeatable`: reserves have an Idempotency-Key, because a manager dies. A DELETE may then fail, because haproxy
   * does not repeat it.
   */
  constructor(url: string, { isRepeatable = false } = {}) {
    this.#url = url
    this.#isRepeatable = isRepeatable
  }

  /** Reserves, reads and releases repeatedly. */
  reserve(username: string): void {
    this.#repeat(async () => {
      const key = this.#isRepeatable ? randomUUID() : undefined
      const made = await this.#ask<Reservation>('POST', '/v1/reservations', [201, 409], { username }, key)
      if (made.status === 409) {
        await sleep(100)
        return
      }
      const path = `/v1/reservations/${made.body.id}`
      const seen = await this.#ask<Reservation>('GET', path, [200])
      if (seen.body.state !== 'active') this.failures.push(`${path} is ${JSON.stringify(seen.body)}`)
      await this.#ask('DELETE', path, [200]).catch((error: unknown) => {
        if (!this.#isRepeatable) throw error
      })
      this.rounds += 1
    })
  }

  read(path: string): void {
    this.#repeat(async () => {
      await this.#ask('GET', path, [200])
      this.reads += 1
      await sleep(25)
    })
  }

  /** Changes a reservation without a pause, so that requests which must not be repeated are always under way. */
  change(id: string): void {
    this.#repeat(async () => {
      await this.#ask('PATCH', `/v1/reservations/${id}`, [200], { note: `after ${this.changes}` })
      this.changes += 1
    })
  }

  /** Follows the events from here on, as EventSource does. Returns a function for their ids so far. */
  async follow(): Promise<() => readonly number[]> {
    const { next } = (await (await fetch(`${this.#url}/v1/events?tail=1`)).json()) as { next: number | null }
    assert.equal(next, null)
    const ids: number[] = []
    let last = await latestEvent(this.#url)
    ids.push(last)
    this.#repeat(async () => {
      const headers = { accept: 'text/event-stream', 'last-event-id': String(last) }
      const answer = await fetch(`${this.#url}/v1/events`, { headers, signal: this.#over.signal })
      if (answer.status !== 200 || !answer.body) return void this.failures.push(`events: ${answer.status}`)
      let text = ''
      for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
        text += chunk
        const whole = text.slice(0, text.lastIndexOf('\n\n') + 2)
        text = text.slice(whole.length)
        ids.push(...[...whole.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)))
        last = ids.at(-1) ?? last
      }
      await sleep(200)
    })
    return () => ids
  }

  async stop(): Promise<void> {
    this.#over.abort()
    await Promise.all(this.#running)
  }

  #repeat(step: () => Promise<void>): void {
    const run = async () => {
      while (!this.#over.signal.aborted) {
        await step().catch((error: unknown) => {
          if (!this.#over.signal.aborted) this.failures.push(reasonOf(error))
        })
      }
    }
    this.#running.push(run())
  }

  async #ask<T>(method: string, path: string, expected: readonly number[], body?: object, key?: string) {
    const headers = body ? { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) } : {}
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
    const answer = await fetch(this.#url + path, init).catch((error: unknown) => {
      throw new Error(`${method} ${path}: ${reasonOf(error)}`, { cause: error })
    })
    const text = await answer.text()
    if (!expected.includes(answer.status)) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as T }
  }
}

/** Returns the id of the latest event. */
export async function latestEvent(url: string): Promise<number> {
  const { events } = (await (await fetch(`${url}/v1/events?tail=1`)).json()) as { events: { id: number }[] }
  return events[0]?.id ?? 0
}
