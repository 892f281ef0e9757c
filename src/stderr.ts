/**
 * Lines for stderr whose reader nobody waits for. In the place of pino's own writer (sonic-boom 4), which loses the
 * piece it is about to write again when the process ends, and does not let it end when the reader has stopped or gone.
 */
import { writeSync } from 'node:fs'
import { systemClock } from './core/clock.ts'

/** Milliseconds in which lines are gathered, and how long they get: to write one costs as much as to say several. */
const GATHERED = 10
const MOST_GATHERED = 8 * 1024
/** Together at least 16 MB that wait for whoever reads them; what comes beyond them is dropped. */
const MOST_PIECES = 2_048
/** Milliseconds that a process which ends gives a reader who is behind. */
const LAST_WAIT = 2_000

export interface Lines {
  /** Takes a line, with its line break; it is written within 10 ms, or as soon as the reader takes it. */
  write(line: string): void
}

/** The first line waits for the others, and the process for all of them; while there are none, nothing happens. */
export function openStderr(): Lines {
  // To open the stream is what makes a pipe answer at once that it is full, instead of waiting until it is not.
  const { fd } = process.stderr
  const pieces: Buffer[] = []
  let lines = ''
  let isTimed = false

  const takeLines = () => {
    if (lines !== '' && pieces.length < MOST_PIECES) pieces.push(Buffer.from(lines))
    lines = ''
  }
  const writeAll = () => {
    // Behind others, a few lines wait for more.
    if (pieces.length === 0 || lines.length > MOST_GATHERED) takeLines()
    for (let piece = pieces[0]; piece; piece = pieces[0]) {
      const written = writeSome(fd, piece)
      if (written === 0) return false
      if (written < piece.length) pieces[0] = piece.subarray(written)
      else pieces.shift()
      if (pieces.length === 0) takeLines()
    }
    return true
  }
  const writeInTime = () => {
    isTimed = !writeAll()
    if (isTimed) setTimeout(writeInTime, GATHERED)
  }
  process.on('exit', () => {
    const until = systemClock() + LAST_WAIT
    while (!writeAll() && systemClock() < until) block(GATHERED)
  })
  return {
    write(line) {
      if (!isTimed) setTimeout(writeInTime, GATHERED)
      isTimed = true
      lines += line
      if (lines.length > MOST_GATHERED) writeAll()
    },
  }
}

/** How many bytes are done with: none while the reader is behind, all when there is no reader or no room on the disk. */
function writeSome(fd: number, piece: Buffer): number {
  try {
    return writeSync(fd, piece)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : piece.length
  }
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, ms)
}
