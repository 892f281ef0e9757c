/** Notices changes of objects. Only a hint: what has changed is read by a list. */
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, Query } from './connection.ts'
import type { Call, Requests } from './requests.ts'
import type { Page, WatchEvent } from './types.ts'

/** An object has at most 1.5 MiB in etcd. */
const MAX_LINE_CHARS = 8 * 1024 * 1024

export interface WatchLimits {
  /** The API server ends the watch after this time, and it is begun again where it ended. */
  readonly serverTimeoutS: number
  /** A watch in which nothing arrives for this long leads nowhere. A bookmark arrives each minute. */
  readonly silenceMs: number
  /** Deadline until the watch is open. */
  readonly openMs: number
  /** Pause after a failure, as which a shorter watch counts. Doubled up to `maxPauseMs` while it fails again. */
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
      try {
        const hasMissed = this.#version === null
        const lines = await this.#open()
        const openedAt = performance.now()
        if (hasMissed) this.#request.onChange()
        for await (const line of lines) this.#take(line)
        // A server that ends each watch at once got 350 of them a second.
        if (performance.now() - openedAt < this.#limits.pauseMs) throw new Error('the watch has ended at once')
      } catch {
        this.#failures += 1
        const { pauseMs, maxPauseMs } = this.#limits
        const pause = Math.min(pauseMs * 2 ** (this.#failures - 1), maxPauseMs)
        await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined)
      }
    }
  }

  /** Returns the lines of a new watch, which end when the API server ends it in time, and throw otherwise. */
  async #open(): Promise<AsyncIterable<string>> {
    const { path, query } = this.#request
    const { serverTimeoutS, silenceMs, openMs } = this.#limits
    const call = { what: 'watch', deadlineMs: openMs }
    const resourceVersion = this.#version ?? (await this.#present(call))
    // Also after a failure: the version may have expired.
    this.#version = null
    const watching = {
      ...query,
      watch: true,
      allowWatchBookmarks: true,
      timeoutSeconds: serverTimeoutS,
      resourceVersion,
    }
    const silence = new AbortController()
    const signal = AbortSignal.any([silence.signal, this.#control.signal])
    const response = await this.#requests.run(call, (opening) =>
      this.#connection.begin('GET', path, { query: watching, signal: AbortSignal.any([opening, signal]) }),
    )
    this.#version = resourceVersion
    return readLines(response, silenceMs, () => silence.abort('silent'))
  }

  /** Returns the version of the whole list. One object suffices to learn it. */
  #present(call: Call): Promise<string> {
    const { path, query } = this.#request
    return this.#requests.run(call, async (signal) => {
      const page: Page<unknown> = await this.#connection.fetch('GET', path, { query: { ...query, limit: 1 }, signal })
      return page.metadata.resourceVersion
    })
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

/** Calls `onSilence` when nothing arrives for this long. */
async function* readLines(response: IncomingMessage, silenceMs: number, onSilence: () => void): AsyncGenerator<string> {
  const timer = setTimeout(onSilence, silenceMs)
  timer.unref()
  try {
    let rest = ''
    for await (const chunk of response.setEncoding('utf8')) {
      timer.refresh()
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > MAX_LINE_CHARS) throw new Error(`a line of a watch has more than ${MAX_LINE_CHARS} characters`)
      yield* lines
    }
  } finally {
    clearTimeout(timer)
  }
}
