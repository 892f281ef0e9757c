/** Reads the stream of events, and continues at another manager when the connection is lost. */
import { createParser } from 'eventsource-parser'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestManager } from '../../../lab/manager.ts'

export interface EventReader {
  /** Ids as they arrived. */
  readonly ids: readonly number[]
  /** Number of reconnections. */
  readonly reconnections: number
  stop(): Promise<void>
}

/** Reads from the first event on, from the nth manager first. */
export function readEvents(managers: readonly TestManager[], nth: number): EventReader {
  const ids: number[] = []
  const stopping = new AbortController()
  let reconnections = -1

  async function readFrom(url: string): Promise<void> {
    const headers = { accept: 'text/event-stream' }
    const response = await fetch(`${url}/v1/events?after=${ids.at(-1) ?? 0}`, { headers, signal: stopping.signal })
    if (!response.ok || response.body === null) return
    reconnections += 1
    const parser = createParser({ onEvent: ({ id }) => id !== undefined && ids.push(Number(id)) })
    const decoder = new TextDecoder()
    for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }))
  }

  async function run(): Promise<void> {
    for (let at = nth; !stopping.signal.aborted; at += 1) {
      await readFrom(managers[at % managers.length]?.url ?? '').catch(() => undefined)
      await sleep(100)
    }
  }

  const running = run()
  return {
    ids,
    get reconnections() {
      return reconnections
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}
