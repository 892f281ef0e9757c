/** One input for several commands. Copying starts when all of them run, so that each gets all of it. */
export class SharedInput {
  readonly #source: NodeJS.ReadableStream
  readonly #inputs: NodeJS.WritableStream[] = []
  #missing: number

  /** `count`: how many commands there will be. */
  constructor(source: NodeJS.ReadableStream, count: number) {
    this.#source = source
    this.#missing = count
  }

  /** Adds the stdin of a command; called once for each. The slowest reader sets the pace until it ends. */
  attach(input: NodeJS.WritableStream | null): void {
    // A command may end without having read its input.
    input?.on('error', () => undefined)
    if (input) this.#inputs.push(input)
    this.#missing -= 1
    if (this.#missing === 0) for (const each of this.#inputs) this.#source.pipe(each)
  }
}
