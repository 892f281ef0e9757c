/** Notices changes of objects. Only a hint: what has changed is read by a list. */
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, Query } from './connection.ts'
import type { Requests } from './requests.ts'
import type { Page, WatchEvent } from './types.ts'

export interface WatchLimits {
  /** The API server ends the watch after this time, and it is begun again where it ended. */
  readonly serverTimeoutS: number
  /** A watch in which nothing arrives for this long leads nowhere. A bookmark arrives each minute. */
  readonly silenceMs: number
  /** Deadline until the watch is open. */
  readonly openMs: number
  /** Pause after a failure. Doubled up to `maxPauseMs` while it fails again. */
  readonly pauseMs: number
  readonly maxPauseMs: number
}

const LIMITS: WatchLimits = {
  serverTimeoutS: 240,
  silenceMs: 90_000,
  openMs: 10_000,
  pauseMs: 500,
  maxPauseMs: 30_000,
}

export interface WatchRequest {
  readonly path: string
  readonly query: Query
  /** Called for each change, and after a time in which changes may have been missed. */
  readonly onChange: () => void
  readonly limits?: Partial<WatchLimits>
}

export class Watch {
  readonly #connection: Connection
  readonly #requests: Requests
  readonly #request: WatchRequest
  readonly #limits: WatchLimits
  readonly #control = new AbortController()
  /** Where to go on; null to begin at the present. */
  #version: string | null = null
  #failures = 0

  /** Begins at once, and continues after failures until `close`. */
  constructor(connection: Connection, requests: Requests, request: WatchRequest) {
    this.#connection = connection
    this.#requests = requests
    this.#request = request
    this.#limits = { ...LIMITS, ...request.limits }
    void this.#run()
  }

  close(): void {
    this.#control.abort('closed')
  }

  async #run(): Promise<void> {
    const { signal } = this.#control
    while (!signal.aborted) {
      const hasMissed = this.#version === null
      try {
        await this.#follow(hasMissed)
      } catch {
        this.#failures += 1
        const { pauseMs, maxPauseMs } = this.#limits
        const pause = Math.min(pauseMs * 2 ** (this.#failures - 1), maxPauseMs)
        await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined)
      }
    }
  }

  /** Resolves when the API server ends the watch in time. Rejects otherwise. */
  async #follow(hasMissed: boolean): Promise<void> {
    const { path, query, onChange } = this.#request
    const { serverTimeoutS, silenceMs, openMs } = this.#limits
    const call = { what: 'watch', deadlineMs: openMs }
    // One object suffices to learn the version of the whole list.
    this.#version ??= await this.#requests.run(call, async (signal) => {
      const page: Page<unknown> = await this.#connection.fetch('GET', path, { query: { ...query, limit: 1 }, signal })
      return page.metadata.resourceVersion
    })
    const watching = {
      ...query,
      watch: true,
      allowWatchBookmarks: true,
      timeoutSeconds: serverTimeoutS,
      resourceVersion: this.#version,
    }
    const stream = new AbortController()
    const signal = AbortSignal.any([stream.signal, this.#control.signal])
    const response = await this.#requests.run(call, (opening) =>
      this.#connection.begin('GET', path, { query: watching, signal: AbortSignal.any([opening, signal]) }),
    )
    if (hasMissed) onChange()
    const timer = setTimeout(() => stream.abort('silent'), silenceMs)
    timer.unref()
    response.on('data', () => timer.refresh())
    try {
      for await (const line of createInterface({ input: response, signal })) this.#take(line)
    } finally {
      clearTimeout(timer)
      response.destroy()
    }
  }

  #take(line: string): void {
    const { type, object } = JSON.parse(line) as WatchEvent
    if (type === 'ERROR') {
      // Mostly 410: the version has expired. Whatever it is, the next watch begins at the present.
      this.#version = null
      throw new Error(object.message ?? 'the watch has failed')
    }
    this.#failures = 0
    this.#version = object.metadata?.resourceVersion ?? null
    if (type !== 'BOOKMARK') this.#request.onChange()
  }
}
