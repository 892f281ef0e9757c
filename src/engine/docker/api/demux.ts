import { Frames } from './frames.ts'

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
  readonly #frames = new Frames()
  #isTruncated = false

  constructor(limit: number) {
    this.#room = { stdout: limit, stderr: limit }
  }

  write(chunk: Buffer): void {
    for (const { output, bytes } of this.#frames.read(chunk)) this.#keep(output, bytes)
  }

  /** Whether output was dropped. */
  get isTruncated(): boolean {
    return this.#isTruncated
  }

  outputs(): Outputs {
    return { stdout: text(this.#kept.stdout), stderr: text(this.#kept.stderr) }
  }

  #keep(output: 'stdout' | 'stderr', bytes: Buffer): void {
    const kept = bytes.subarray(0, this.#room[output])
    this.#room[output] -= kept.length
    if (kept.length < bytes.length) this.#isTruncated = true
    if (kept.length > 0) this.#kept[output].push(kept)
  }
}

function text(chunks: Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}
