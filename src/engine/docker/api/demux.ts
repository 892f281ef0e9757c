/** Header of a frame: 1 byte for the output, 3 unused bytes, 4 bytes for the length of the content that follows. */
const HEADER_BYTES = 8

/**
 * Maximum size of each output of a command. The longest that Berth reads, the names of an image's users, takes some
 * KiB.
 */
export const MAX_OUTPUT_BYTES = 256 * 1024

export interface Outputs {
  readonly stdout: string
  readonly stderr: string
}

/**
 * Separates the outputs that Docker sends in one stream when a command has no terminal. Keeps at most `limit` bytes of
 * each and drops the rest: a command inside a tenant's container must not fill the manager's memory.
 */
export class Demultiplexer {
  readonly #kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  readonly #room: { stdout: number; stderr: number }
  #header = Buffer.alloc(0)
  #output: 'stdout' | 'stderr' = 'stdout'
  #remaining = 0
  #isTruncated = false

  constructor(limit: number) {
    this.#room = { stdout: limit, stderr: limit }
  }

  write(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0) rest = this.#remaining > 0 ? this.#takeOutput(rest) : this.#takeHeader(rest)
  }

  /** Whether output was dropped. */
  get isTruncated(): boolean {
    return this.#isTruncated
  }

  outputs(): Outputs {
    return { stdout: text(this.#kept.stdout), stderr: text(this.#kept.stderr) }
  }

  #takeHeader(bytes: Buffer): Buffer {
    const missing = HEADER_BYTES - this.#header.length
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, missing)])
    if (this.#header.length === HEADER_BYTES) {
      this.#output = this.#header[0] === 2 ? 'stderr' : 'stdout'
      this.#remaining = this.#header.readUInt32BE(4)
      this.#header = Buffer.alloc(0)
    }
    return bytes.subarray(missing)
  }

  #takeOutput(bytes: Buffer): Buffer {
    const output = bytes.subarray(0, this.#remaining)
    this.#remaining -= output.length
    const kept = output.subarray(0, this.#room[this.#output])
    this.#room[this.#output] -= kept.length
    if (kept.length < output.length) this.#isTruncated = true
    if (kept.length > 0) this.#kept[this.#output].push(kept)
    return bytes.subarray(output.length)
  }
}

function text(chunks: Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}
