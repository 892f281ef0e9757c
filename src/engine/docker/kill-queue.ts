import { createLimit } from '../../domain/concurrency.ts'
import type { Blocklist } from './firewall/blocklist.ts'
import type { Timers } from '../timers.ts'

/**
 * Maximum concurrent kills. More do not raise Docker's throughput. With several, the sessions of all of them are closed
 * at once: Docker closes them at the start of a kill.
 */
const MAX_CONCURRENT_KILLS = 8
/** Up to this many kills are urgent, and repeated. With more, each is slow because of the others. */
const MAX_URGENT_KILLS = 2
/** Maximum wait for the block before a kill: access ends within a second, even without a firewall. */
const BLOCK_WAIT_MS = 500

export interface KillQueueOptions {
  readonly blocklist: Pick<Blocklist, 'block' | 'died' | 'release'>
  /** `isUrgent`: the container is on the network, or few kills are under way. */
  readonly kill: (id: string, isUrgent: boolean) => Promise<void>
  readonly timers: Timers
}

/**
 * exposed → blocked → killing → dead: the entry is dropped and its address unblocked.
 *         ↘ (no firewall) ↗    ↘ given up: the entry is dropped; the container stays blocked for a while.
 */
type State = 'exposed' | 'blocked' | 'killing'

interface Entry {
  state: State
  done: Promise<void>
}

/**
 * Ends access to containers. Docker takes a tenth of a second of all processors for a kill, so of many only a few are
 * killed at once; but all of them are off the network before that.
 */
export class KillQueue {
  readonly #options: KillQueueOptions
  readonly #entries = new Map<string, Entry>()
  readonly #limit = createLimit(MAX_CONCURRENT_KILLS)

  constructor(options: KillQueueOptions) {
    this.#options = options
  }

  /** Resolves when the container is dead. A second call for the same container waits for the first. */
  async kill(id: string): Promise<void> {
    const known = this.#entries.get(id)
    if (known !== undefined) return known.done
    const entry: Entry = { state: 'exposed', done: Promise.resolve() }
    this.#entries.set(id, entry)
    entry.done = this.#blockAndKill(id, entry)
    return entry.done
  }

  async #blockAndKill(id: string, entry: Entry): Promise<void> {
    const { blocklist, kill, timers } = this.#options
    try {
      const blocking = blocklist.block(id).then((isBlocked) => {
        if (isBlocked && entry.state === 'exposed') entry.state = 'blocked'
      })
      await Promise.race([blocking, timers.sleep(BLOCK_WAIT_MS)])
      await this.#limit(async () => {
        const isUrgent = entry.state === 'exposed' || this.#entries.size <= MAX_URGENT_KILLS
        entry.state = 'killing'
        await kill(id, isUrgent)
      })
      blocklist.died(id)
    } catch (error) {
      blocklist.release(id)
      throw error
    } finally {
      this.#entries.delete(id)
    }
  }
}
