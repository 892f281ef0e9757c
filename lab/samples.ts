/**
 * Durations of operations by name: real time, and the processor time of this process. Operations run one at a time, so
 * none waits for another. Only the processor time is comparable when the machine has other work.
 */
export interface Measured {
  readonly ms: number
  readonly cpuMs: number
}

export interface Figures {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly cpuP50: number
  readonly cpuP99: number
}

/** Returns a function that returns the time since this call. */
export function startWatch(): () => Measured {
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    return { ms: performance.now() - began, cpuMs: (user + system) / 1_000 }
  }
}

export class Samples {
  readonly #measured = new Map<string, Measured[]>()

  add(what: string, measured: Measured): void {
    const known = this.#measured.get(what)
    if (known === undefined) this.#measured.set(what, [measured])
    else known.push(measured)
  }

  async time<T>(what: string, work: () => Promise<T>): Promise<T> {
    const passed = startWatch()
    const result = await work()
    this.add(what, passed())
    return result
  }

  figures(): Record<string, Figures> {
    const sorted = [...this.#measured].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(sorted.map(([what, all]) => [what, figuresOf(all)]))
  }
}

function figuresOf(measured: readonly Measured[]): Figures {
  const [p50, p99, max] = quantiles(measured.map(({ ms }) => ms))
  const [cpuP50, cpuP99] = quantiles(measured.map(({ cpuMs }) => cpuMs))
  return { count: measured.length, p50, p99, max, cpuP50, cpuP99 }
}

function quantiles(values: readonly number[]): [p50: number, p99: number, max: number] {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return [at(0.5), at(0.99), at(1)]
}
