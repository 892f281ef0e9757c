/** Header of a frame: 1 byte for the output, 3 unused bytes, 4 bytes for the length of the content that follows. */
const HEADER_BYTES = 8

interface Piece {
  readonly output: 'stdout' | 'stderr'
  readonly bytes: Buffer
}

/** Separates the outputs that Docker sends in one stream when a command has no terminal. Keeps no content. */
export class Frames {
  #header = Buffer.alloc(0)
  #output: 'stdout' | 'stderr' = 'stdout'
  #remaining = 0

  /** Returns the content of the chunk, in order. A frame may span several chunks. */
  read(chunk: Buffer): Piece[] {
    const pieces: Piece[] = []
    let rest = chunk
    while (rest.length > 0) {
      if (this.#remaining === 0) {
        rest = this.#takeHeader(rest)
        continue
      }
      const bytes = rest.subarray(0, this.#remaining)
      this.#remaining -= bytes.length
      pieces.push({ output: this.#output, bytes })
      rest = rest.subarray(bytes.length)
    }
    return pieces
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
}
