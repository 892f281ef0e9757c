/** Runs jobs in order, at most `limit` of them at once. A `limit` that may change is a function. */
export function createLimit(limit: number | (() => number)): <T>(job: () => Promise<T>) => Promise<T> {
  const max = typeof limit === 'number' ? () => limit : limit
  const waiting: (() => void)[] = []
  let running = 0
  return async (job) => {
    if (running >= max()) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await job()
    } finally {
      running -= 1
      while (waiting.length > 0 && running < max()) {
        running += 1
        waiting.shift()?.()
      }
    }
  }
}

/**
 * Returns a function that runs a job at most once at a time. Each call resolves with a run that began after the call,
 * which it shares with all calls that arrive before that run begins. Rejects if this run does.
 */
export function shareRuns<T>(job: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null
  let next: Promise<T> | null = null

  function run(): Promise<T> {
    running = job().finally(() => {
      running = null
    })
    return running
  }

  return () => {
    if (next !== null) return next
    if (running === null) return run()
    const runAfter = () => {
      next = null
      return run()
    }
    next = running.then(runAfter, runAfter)
    return next
  }
}
