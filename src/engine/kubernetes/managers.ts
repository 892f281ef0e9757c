/**
 * The managers that serve the instance, in a ConfigMap of its namespace. There, a manager with another database sees
 * that this one is alive. Managers of one database know each other by the database.
 */
import { randomUUID } from 'node:crypto'
import { type DatabaseMark, type LiveManager, managerOf } from '../../domain/database-mark.ts'
import { hasCode } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { KubernetesClient } from './api/client.ts'
import type { KubernetesObject } from './api/types.ts'

const NAME = 'berth-managers'
const REFRESH_MS = 15_000
/** A manager that has written nothing for longer is gone. */
const GONE_AFTER_MS = 60_000
/**
 * Entries that are older are removed. Each start of a manager adds one, and a ConfigMap has room for a few thousand.
 * Longer than GONE_AFTER_MS, because two clocks measure it.
 */
const FORGET_AFTER_MS = 3_600_000

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>
}

interface Entry extends LiveManager {
  /** Epoch milliseconds. */
  readonly heardAt: number
}

interface ManagersDeps {
  readonly client: KubernetesClient
  readonly namespace: string
  readonly mark: DatabaseMark
  readonly clock: Clock
  readonly deadlineMs: number
}

export class Managers {
  readonly #deps: ManagersDeps
  readonly #key: string = randomUUID()
  #writtenAt = 0
  #written: string | null = null
  #ledger: string | null = null
  #living: readonly LiveManager[] = []

  constructor(deps: ManagersDeps) {
    this.#deps = deps
  }

  /** Identity of the ConfigMap: a new one lacks earlier managers. null before the first reading. */
  get ledger(): string | null {
    return this.#ledger
  }

  get living(): readonly LiveManager[] {
    return this.#living
  }

  /** Records that this manager is alive. */
  async write(): Promise<void> {
    const { client, clock, mark } = this.#deps
    const now = clock()
    const entry: Entry = { ...managerOf(mark), heardAt: now }
    const own = { [this.#key]: JSON.stringify(entry) }
    const found = await this.#read()
    if (found === null) {
      const made = { metadata: { name: NAME }, data: own }
      await client.create(this.#path(''), made, this.#call()).catch((error: unknown) => {
        if (!hasCode(error, 'engine_conflict')) throw error
      })
    }
    const data = { ...removalOfOld(found?.data, now), ...own }
    await client.patch(this.#path(NAME), 'merge', { data }, this.#call())
    this.#writtenAt = now
    this.#written = mark.id
    await this.#read()
  }

  /** Reads which managers are alive. After the first `write`, also records that this one is, when that is due. */
  async refresh(): Promise<void> {
    const { clock, mark } = this.#deps
    const isDue = clock() - this.#writtenAt >= REFRESH_MS || this.#written !== mark.id
    if (this.#written !== null && isDue) await this.write()
    else await this.#read()
  }

  /** Whether the ConfigMap has this manager with its present database. */
  get isWritten(): boolean {
    return this.#written === this.#deps.mark.id
  }

  /** Returns null when there is no ConfigMap. */
  async #read(): Promise<ConfigMap | null> {
    const { client, clock } = this.#deps
    const map = await client.get<ConfigMap>(this.#path(NAME), this.#call())
    this.#ledger = map?.metadata.uid ?? this.#ledger
    const entries = Object.values(map?.data ?? {}).flatMap(readEntry)
    this.#living = entries.filter(({ heardAt }) => clock() - heardAt < GONE_AFTER_MS)
    return map
  }

  #path(name: string): string {
    const all = `/api/v1/namespaces/${encodeURIComponent(this.#deps.namespace)}/configmaps`
    return name === '' ? all : `${all}/${name}`
  }

  #call(): { what: string; deadlineMs: number } {
    return { what: `the ConfigMap ${NAME}`, deadlineMs: this.#deps.deadlineMs }
  }
}

/** Returns a merge patch of the data that removes the entries of managers that are long gone. */
export function removalOfOld(data: ConfigMap['data'] = {}, now: number): Readonly<Record<string, null>> {
  const isOld = (text: string) => readEntry(text).some(({ heardAt }) => now - heardAt >= FORGET_AFTER_MS)
  return Object.fromEntries(Object.entries(data).flatMap(([key, text]) => (isOld(text) ? [[key, null]] : [])))
}

/** Returns nothing for an entry that no manager has written. */
function readEntry(text: string): Entry[] {
  try {
    const { database, file, since, heardAt } = JSON.parse(text) as Partial<Entry>
    if (typeof database !== 'string' || typeof file !== 'string') return []
    return typeof since === 'number' && typeof heardAt === 'number' ? [{ database, file, since, heardAt }] : []
  } catch {
    return []
  }
}
