/** Durations by name, in the order in which the names first came, as a Markdown table. */
export class Durations {
  readonly #all = new Map<string, number[]>()

  add(what: string, ms: number): void {
    if (Number.isNaN(ms)) throw new Error(`no time was seen for: ${what}`)
    const known = this.#all.get(what) ?? []
    known.push(ms)
    this.#all.set(what, known)
  }

  /** Milliseconds. The nearest-rank p99 of fewer than 100 values is the maximum, and left out. */
  table(): string {
    const lines = [...this.#all].map(([what, times]) => {
      const sorted = times.toSorted((a, b) => a - b)
      const at = (share: number) => shown(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN)
      const p99 = sorted.length < 100 ? '' : at(0.99)
      return `| ${[what, String(sorted.length), at(0.5), p99, at(1)].join(' | ')} |`
    })
    return ['| milliseconds | n | median | p99 | maximum |', '|---|---|---|---|---|', ...lines, ''].join('\n')
  }
}

function shown(ms: number): string {
  return Math.round(ms).toLocaleString('en')
}
