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
