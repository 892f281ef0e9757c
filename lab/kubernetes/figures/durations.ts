import { percentile } from '../../percentile.ts'

/** Durations by name, in the order in which their names were first added. */
export class Durations {
  readonly #all = new Map<string, number[]>()

  /** Throws for NaN, which stands for a moment that was not seen. */
  add(what: string, ms: number): void {
    if (Number.isNaN(ms)) throw new Error(`no time was seen for: ${what}`)
    const known = this.#all.get(what) ?? []
    known.push(ms)
    this.#all.set(what, known)
  }

  /** Returns a Markdown table in milliseconds. The p99 of fewer than 100 values is the maximum, and is left out. */
  table(): string {
    const lines = [...this.#all].map(([what, times]) => {
      const at = (part: number) => Math.round(percentile(times, part)).toLocaleString('en')
      const p99 = times.length < 100 ? '' : at(0.99)
      return `| ${[what, String(times.length), at(0.5), p99, at(1)].join(' | ')} |`
    })
    return ['| milliseconds | n | median | p99 | maximum |', '|---|---|---|---|---|', ...lines, ''].join('\n')
  }
}
