/** One action on many items: a few at a time, with a result for each. A refusal does not stop the others. */

export interface BulkItem {
  readonly id: string
  readonly name: string
}

export type ItemResult =
  | { readonly kind: 'waiting' | 'running' | 'done' }
  /** `code` as the manager names it, null if it did not answer. */
  | { readonly kind: 'refused'; readonly reason: string; readonly code: string | null }

export interface BulkTask {
  /** "Release 29 reservations". */
  readonly title: string
  /** "released": what items are afterwards. */
  readonly done: string
  readonly items: readonly BulkItem[]
  readonly act: (id: string) => Promise<unknown>
}

export interface Progress {
  readonly results: ReadonlyMap<string, ItemResult>
  readonly done: number
  readonly refused: readonly BulkItem[]
  /** Refused items that another try may not refuse. */
  readonly retryable: readonly BulkItem[]
  readonly isOver: boolean
}

/** Refusals that stay: the item has ended, or is gone. */
const FINAL_CODES: ReadonlySet<string | null> = new Set(['not_found', 'not_active'])

/** Number of concurrent requests. Few enough that the manager can still serve other callers. */
const PARALLEL = 4
/** Pauses while the manager answers 429, because it limits the requests of one person in a minute. */
const RATE_LIMIT_PAUSES_MS = [1_000, 2_000, 5_000, 10_000, 20_000, 30_000]

interface Options {
  /** Resolves after that many milliseconds. */
  readonly pause?: (ms: number) => Promise<void>
  /** Called after each change. */
  readonly onChange?: () => void
}

export class BulkRun {
  readonly task: BulkTask
  #progress: Progress
  readonly #pause: (ms: number) => Promise<void>
  readonly #onChange: () => void
  readonly #queue: BulkItem[] = []

  constructor(task: BulkTask, options: Options = {}) {
    this.task = task
    this.#pause = options.pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)))
    this.#onChange = options.onChange ?? (() => undefined)
    this.#progress = summary(task.items, new Map(task.items.map(({ id }) => [id, { kind: 'waiting' }])))
  }

  get progress(): Progress {
    return this.#progress
  }

  /** Resolves when every item has a result. Never rejects. */
  start(): Promise<void> {
    return this.#run(this.task.items)
  }

  /** Tries the refused items again, but for those that would be refused again. */
  again(): Promise<void> {
    const { retryable } = this.#progress
    for (const { id } of retryable) this.#set(id, { kind: 'waiting' })
    return this.#run(retryable)
  }

  async #run(items: readonly BulkItem[]): Promise<void> {
    this.#queue.push(...items)
    await Promise.all(Array.from({ length: PARALLEL }, () => this.#work()))
  }

  async #work(): Promise<void> {
    for (let item = this.#queue.shift(); item; item = this.#queue.shift()) {
      this.#set(item.id, { kind: 'running' })
      this.#set(item.id, await this.#resultOf(item.id))
    }
  }

  async #resultOf(id: string): Promise<ItemResult> {
    for (const ms of [...RATE_LIMIT_PAUSES_MS, null]) {
      try {
        await this.task.act(id)
        return { kind: 'done' }
      } catch (error) {
        if (ms === null || !isRateLimited(error)) return refusalOf(error)
        await this.#pause(ms)
      }
    }
    return { kind: 'done' }
  }

  #set(id: string, result: ItemResult): void {
    const results = new Map(this.#progress.results).set(id, result)
    this.#progress = summary(this.task.items, results)
    this.#onChange()
  }
}

function isRateLimited(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === 429
}

function refusalOf(error: unknown): ItemResult {
  const reason = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  return { kind: 'refused', reason, code }
}

function summary(items: readonly BulkItem[], results: ReadonlyMap<string, ItemResult>): Progress {
  const kindOf = ({ id }: BulkItem) => results.get(id)?.kind
  const refused = items.filter((item) => kindOf(item) === 'refused')
  const isFinal = ({ id }: BulkItem) => {
    const result = results.get(id)
    return result?.kind === 'refused' && FINAL_CODES.has(result.code)
  }
  const done = items.filter((item) => kindOf(item) === 'done').length
  const retryable = refused.filter((item) => !isFinal(item))
  return { results, done, refused, retryable, isOver: done + refused.length === items.length }
}
