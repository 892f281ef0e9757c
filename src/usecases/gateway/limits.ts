/**
 * Limits of a gateway. sshd sees only the gateway's address, so its own limits per source would be shared by all
 * tenants of a container.
 */
import type { Clock } from '../../ports/clock.ts'

/** Maximum number of connections of a gateway. Each has two sockets, and up to about 256 KiB in the memory. */
export const MAX_CONNECTIONS = 4_000
/** Maximum number of connections to one container. */
export const MAX_PER_CONTAINER = 100
/** Length of a window in which new connections are counted. */
const WINDOW_MS = 10_000
/** New connections from one address in a window. A class behind one address stays below, as does Ansible. */
export const MAX_NEW_PER_SOURCE = 500
/** New connections to one container in a window. A loop of ssh, which needs 0.25 s for a login, stays below. */
export const MAX_NEW_PER_CONTAINER = 100
/** Lower than MAX_NEW_PER_CONTAINER, so that one address does not keep all others out. */
export const MAX_NEW_PER_SOURCE_AND_CONTAINER = 60
/** Maximum number of counters, so that many addresses do not fill the memory. */
const MAX_COUNTERS = 50_000

export interface Attempt {
  readonly source: string
  /** Port of the container at the gateway. */
  readonly port: number
}

/** Connections that are open now. */
interface Open {
  readonly all: number
  readonly ofContainer: number
}

export class ConnectionLimits {
  readonly #clock: Clock
  #windowBegan = 0
  #counts = new Map<string, number>()
  #reported = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Counts an attempt to connect. Returns which limit it exceeds; null if none. `isFirst`: no attempt from this source
   * has exceeded a limit in this window before.
   */
  exceeded({ source, port }: Attempt, open: Open): { readonly limit: string; readonly isFirst: boolean } | null {
    const now = this.#clock()
    if (now >= this.#windowBegan + WINDOW_MS || now < this.#windowBegan) {
      this.#windowBegan = now
      this.#counts = new Map()
      this.#reported = new Set()
    }
    const limit = this.#limitOf({ source, port }, open)
    if (limit === null) return null
    const isFirst = !this.#reported.has(source) && this.#reported.size < MAX_COUNTERS
    if (isFirst) this.#reported.add(source)
    return { limit, isFirst }
  }

  #limitOf({ source, port }: Attempt, { all, ofContainer }: Open): string | null {
    const seconds = WINDOW_MS / 1_000
    if (!this.#count(source, MAX_NEW_PER_SOURCE)) {
      return `${MAX_NEW_PER_SOURCE} new connections from one address in ${seconds} s`
    }
    if (!this.#count(`${source} to ${port}`, MAX_NEW_PER_SOURCE_AND_CONTAINER)) {
      return `${MAX_NEW_PER_SOURCE_AND_CONTAINER} new connections from one address to one container in ${seconds} s`
    }
    if (!this.#count(`to ${port}`, MAX_NEW_PER_CONTAINER)) {
      return `${MAX_NEW_PER_CONTAINER} new connections to one container in ${seconds} s`
    }
    if (ofContainer >= MAX_PER_CONTAINER) return `${MAX_PER_CONTAINER} open connections to one container`
    return all >= MAX_CONNECTIONS ? `${MAX_CONNECTIONS} open connections` : null
  }

  /** Adds one to a counter. Returns false if that exceeds `most`. */
  #count(key: string, most: number): boolean {
    const count = (this.#counts.get(key) ?? 0) + 1
    if (count === 1 && this.#counts.size >= MAX_COUNTERS) return false
    this.#counts.set(key, count)
    return count <= most
  }
}
