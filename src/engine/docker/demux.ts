/**
 * Each frame of an exec's stream: 1 byte which output, 3 bytes nothing, 4 bytes length; then so many bytes of output.
 */
const HEADER = 8

/** Bytes kept of each output of what runs inside. */
export const OUTPUT_LIMIT = 1024 * 1024

export interface Outputs {
  readonly stdout: string
  readonly stderr: string
}

/**
 * Takes apart what Docker sends when a command has no terminal. Keeps at most `limit` bytes of either output and drops
 * the rest: a command inside a tenant's container must not be able to fill the manager's memory.
 */
export class Demultiplexer {
  readonly #kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  readonly #room: { stdout: number; stderr: number }
  #header = Buffer.alloc(0)
  #output: 'stdout' | 'stderr' = 'stdout'
  #remaining = 0

  constructor(limit: number) {
    this.#room = { stdout: limit, stderr: limit }
  }

  write(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0) rest = this.#remaining > 0 ? this.#takeOutput(rest) : this.#takeHeader(rest)
  }

  outputs(): Outputs {
    return { stdout: text(this.#kept.stdout), stderr: text(this.#kept.stderr) }
  }

  #takeHeader(bytes: Buffer): Buffer {
    const missing = HEADER - this.#header.length
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, missing)])
    if (this.#header.length === HEADER) {
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
    if (kept.length > 0) this.#kept[this.#output].push(kept)
    return bytes.subarray(output.length)
  }
}

function text(chunks: Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}
