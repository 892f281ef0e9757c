/** Measured durations, by what took them. */
export interface Figures {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export class Samples {
  readonly #durations = new Map<string, number[]>()

  add(what: string, ms: number): void {
    const known = this.#durations.get(what)
    if (known === undefined) this.#durations.set(what, [ms])
    else known.push(ms)
  }

  async time<T>(what: string, work: () => Promise<T>): Promise<T> {
    const began = performance.now()
    const result = await work()
    this.add(what, performance.now() - began)
    return result
  }

  figures(): Record<string, Figures> {
    const sorted = [...this.#durations].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(sorted.map(([what, durations]) => [what, figuresOf(durations)]))
  }
}

function figuresOf(durations: readonly number[]): Figures {
  const all = durations.toSorted((a, b) => a - b)
  const quantile = (share: number) => all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0
  return { count: all.length, p50: quantile(0.5), p99: quantile(0.99), max: all.at(-1) ?? 0 }
}
