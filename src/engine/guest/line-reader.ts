/** The longest request has about 30 characters. */
const MAX_LINE_CHARACTERS = 64

/** Splits a container's stdout into lines. Keeps no more than one line, and drops those that are too long. */
export class LineReader {
  #line = ''
  #isTooLong = false

  /** Returns the lines that end in this chunk. */
  read(chunk: Buffer): string[] {
    const [first = '', ...others] = chunk.toString('latin1').split('\n')
    const lines: string[] = []
    this.#append(first)
    for (const next of others) {
      if (!this.#isTooLong) lines.push(this.#line)
      this.#line = ''
      this.#isTooLong = false
      this.#append(next)
    }
    return lines
  }

  #append(text: string): void {
    this.#isTooLong ||= this.#line.length + text.length > MAX_LINE_CHARACTERS
    this.#line = this.#isTooLong ? '' : this.#line + text
  }
}
