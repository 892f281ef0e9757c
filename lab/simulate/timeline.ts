/**
 * Virtual time. Tasks run in the order of their times, and the clock moves from one to the next, so time without tasks
 * is skipped. The clock stands still while a task runs.
 */
interface Task {
  readonly at: number
  /** Tasks of one moment run in the order in which they were added. */
  readonly order: number
  readonly start: () => void
}

export class Timeline {
  #now: number
  #tasks: Task[] = []
  #added = 0
  #running = 0
  #failure: { readonly error: unknown } | null = null
  #rest = Promise.withResolvers<void>()

  constructor(start: number) {
    this.#now = start
  }

  readonly now = (): number => this.#now

  /** Runs the task at this time, in epoch milliseconds; at once if that has passed. */
  at(time: number, task: () => void | Promise<void>): void {
    this.#add(time, () => void this.track(async () => task()).catch(() => {}))
  }

  /** As setTimeout. Returns a function that prevents the call. */
  timer(run: () => void, ms: number): () => void {
    let isCancelled = false
    this.at(this.#now + ms, () => {
      if (!isCancelled) run()
    })
    return () => {
      isCancelled = true
    }
  }

  /** Runs work that the clock must wait for. */
  async track<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1
    try {
      return await work()
    } catch (error) {
      this.#failure ??= { error }
      throw error
    } finally {
      this.#leave()
    }
  }

  /** Called within tracked work: lets other tasks run until this many milliseconds have passed. */
  async sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#add(this.#now + ms, () => {
      this.#running += 1
      resolve()
    })
    this.#leave()
    await promise
  }

  /**
   * Runs all tasks up to this time. `settle` resolves when nothing that a task has started in the background is
   * running. Throws the first error of a task.
   */
  async run(until: number, settle: () => Promise<void>): Promise<void> {
    for (let task = this.#next(until); task !== null; task = this.#next(until)) {
      this.#now = Math.max(this.#now, task.at)
      this.#rest = Promise.withResolvers<void>()
      task.start()
      if (this.#running > 0) await this.#rest.promise
      await settle()
      // What a task did last may have added another one.
      await new Promise(setImmediate)
      if (this.#failure !== null) throw this.#failure.error
    }
    this.#now = until
  }

  #leave(): void {
    this.#running -= 1
    if (this.#running === 0) this.#rest.resolve()
  }

  /** A binary heap: the first task is the next one. */
  #add(at: number, start: () => void): void {
    const tasks = this.#tasks
    const task = { at, order: ++this.#added, start }
    let index = tasks.push(task) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = tasks[parent]
      if (above === undefined || !isBefore(task, above)) break
      tasks[index] = above
      index = parent
    }
    tasks[index] = task
  }

  #next(until: number): Task | null {
    const tasks = this.#tasks
    const [first] = tasks
    if (first === undefined || first.at > until) return null
    const last = tasks.pop()
    if (last === undefined || last === first) return first
    let index = 0
    for (;;) {
      const left = tasks[2 * index + 1]
      const right = tasks[2 * index + 2]
      const isRight = left !== undefined && right !== undefined && isBefore(right, left)
      const below = isRight ? right : left
      if (below === undefined || !isBefore(below, last)) break
      tasks[index] = below
      index = 2 * index + (isRight ? 2 : 1)
    }
    tasks[index] = last
    return first
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
