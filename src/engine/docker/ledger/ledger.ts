import type { LiveManager } from '../../../domain/database-mark.ts'
import { BerthError } from '../../../domain/errors.ts'
import type { Presence } from '../../../ports/engine.ts'
import type { Docker } from '../api/client.ts'
import type { Requests } from '../api/requests.ts'
import { KeptShell } from '../api/shell.ts'
import { firewallName } from '../firewall/spec.ts'
import type { Timers } from '../../timers.ts'
import { ledgerShell, parseEntries } from './spec.ts'

/** Deadline of one request. The shell answers in a few milliseconds; opening it takes a tenth of a second. */
const DEADLINE_MS = 5_000
/** Interval of readings while there are containers of other databases. */
const READ_AGAIN_MS = 2_000
/** Ids of reservations become words of a shell command. */
const WORD = /^[\w-]{1,64}$/

interface LedgerOptions {
  readonly instance: string
  /** Identifies the manager's shell to other managers. */
  readonly self: () => LiveManager
  readonly timers: Timers
}

interface RefreshOptions {
  readonly hasForeign: boolean
  /** Whether it is an error when the ledger cannot be read. */
  readonly must: boolean
}

/** Containers that are recorded by one request. */
interface Batch {
  /** "<container>:<reservation>" */
  readonly pairs: string[]
  /** Containers that another reservation has, with its id. */
  readonly taken: Promise<ReadonlyMap<string, string>>
}

/**
 * The record of lent containers, see `spec.ts`, and what this manager knows of it. Read at its start, and again while
 * other databases use the ledger.
 */
export class Ledger {
  readonly #options: LedgerOptions
  readonly #shell: KeptShell
  #presence: Presence | null = null
  #lent = new Map<string, string>()
  /** The next request to record containers, until it is sent. */
  #batch: Batch | null = null
  /** Database identity under which the shell was opened. */
  #openedAs = ''
  #readAt = Number.NEGATIVE_INFINITY

  constructor(docker: Docker, requests: Requests, options: LedgerOptions) {
    this.#options = options
    this.#shell = new KeptShell(docker, requests, {
      container: firewallName(options.instance),
      command: () => ledgerShell(options.self()),
      deadlineMs: DEADLINE_MS,
    })
  }

  get presence(): Presence | null {
    return this.#presence
  }

  /** Reservations by container id. */
  get lent(): ReadonlyMap<string, string> {
    return this.#lent
  }

  /** Opens the manager's shell, by which other managers see that it is alive. */
  async open(): Promise<void> {
    if (!this.isOpen()) this.#shell.close()
    this.#openedAs = this.#options.self().database
    await this.#shell.open()
  }

  /** Whether this manager is visible under its present identity. */
  isOpen(): boolean {
    return this.#openedAs === this.#options.self().database
  }

  async read(): Promise<void> {
    const text = await this.#request('read', () => `list ${this.#options.self().database}`)
    const { lent, ...presence } = parseEntries(text)
    this.#presence = presence
    this.#lent = new Map(lent)
    this.#readAt = this.#options.timers.now()
  }

  /** Reads the ledger again when other databases have a part in it, or when it was never read. */
  async refresh({ hasForeign, must }: RefreshOptions): Promise<void> {
    const isOld = this.#options.timers.now() - this.#readAt > READ_AGAIN_MS
    if (this.#presence !== null && !(hasForeign && isOld)) return
    await this.read().catch((error: unknown) => {
      if (must) throw error
    })
  }

  /**
   * Records on the engine that the containers are lent to this reservation. Returns those that are lent to another
   * reservation; their entries stay. Concurrent calls share a request.
   */
  async lend(ids: readonly string[], reservation: string): Promise<ReadonlySet<string>> {
    if (!WORD.test(reservation)) throw new BerthError('engine_failed', `invalid reservation id ${reservation}`)
    void this.#shell.open()
    this.#batch ??= this.#startBatch()
    this.#batch.pairs.push(...ids.map((id) => `${id}:${reservation}`))
    const taken = await this.#batch.taken
    for (const id of ids) this.#lent.set(id, taken.get(id) ?? reservation)
    return new Set(ids.filter((id) => taken.has(id)))
  }

  /**
   * Removes the entries of containers that are gone, by a listing that is later than the last reading: no id is used
   * twice.
   */
  forgetAllBut(there: ReadonlySet<string>): void {
    this.#forget([...this.#lent.keys()].filter((id) => !there.has(id)))
  }

  /** Removes the entry of a container that is gone. A failure is made up for by the next `forgetAllBut`. */
  forget(id: string): void {
    if (this.#lent.has(id)) this.#forget([id])
  }

  close(): void {
    this.#shell.close()
  }

  #startBatch(): Batch {
    const pairs: string[] = []
    const answer = this.#request('update', () => {
      this.#batch = null
      return `lend ${pairs.join(' ')}`
    })
    const taken = answer.then(
      (text) => new Map([...text.matchAll(/^taken (\w+) (\S+)$/gm)].map(([, id = '', by = '']) => [id, by])),
    )
    return { pairs, taken }
  }

  #forget(ids: readonly string[]): void {
    if (ids.length === 0) return
    for (const id of ids) this.#lent.delete(id)
    void this.#request('update', () => `forget ${ids.join(' ')}`).catch(() => undefined)
  }

  async #request(verb: string, line: () => string): Promise<string> {
    const what = `${verb} the ledger of lent containers`
    const { code, output } = await this.#shell.request(what, line)
    if (code === 0) return output
    throw new BerthError('engine_unavailable', `${what}: it failed in ${firewallName(this.#options.instance)}`)
  }
}
