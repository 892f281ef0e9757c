/** Writes log lines to stderr without ever waiting for its reader: a reader that is stuck must not stop the manager. */
import { writeSync } from 'node:fs'
import { block, systemClock } from '../ports/clock.ts'

/** Pause between attempts while the reader is behind. */
const RETRY_MS = 10
/** Lines that wait for a reader, about 16 MB; further ones are dropped. */
const MAX_WAITING = 100_000
/** Time that a process which ends gives a reader that is behind. */
const LAST_WAIT_MS = 2_000

export interface Lines {
  /** Takes a line with its line break. It is written at once, or as soon as the reader takes it. */
  write(line: string): void
}

/**
 * Replaces pino's own writer (sonic-boom 4), which loses the piece it is about to write again when the process ends,
 * and does not let the process end when the reader has stopped or gone. The process stays alive while lines wait.
 */
export function openStderr(): Lines {
  // Opening the stream makes a pipe non-blocking: a full one refuses a write at once.
  const { fd } = process.stderr
  const waiting: Buffer[] = []
  let timer: NodeJS.Timeout | undefined

  const writeWaiting = () => {
    const unfinished = waiting.findIndex((line, nth) => {
      waiting[nth] = line.subarray(writeSome(fd, line))
      return waiting[nth].length > 0
    })
    waiting.splice(0, unfinished < 0 ? waiting.length : unfinished)
    timer = waiting.length > 0 ? setTimeout(writeWaiting, RETRY_MS) : undefined
  }
  process.on('exit', () => {
    const until = systemClock() + LAST_WAIT_MS
    for (writeWaiting(); waiting.length > 0 && systemClock() < until; writeWaiting()) block(RETRY_MS)
  })
  return {
    write(line) {
      if (waiting.length < MAX_WAITING) waiting.push(Buffer.from(line))
      if (timer === undefined) writeWaiting()
    },
  }
}

/**
 * Returns how many bytes are done with: none while the reader is behind, all when the reader is gone or the disk is
 * full.
 */
function writeSome(fd: number, line: Buffer): number {
  try {
    return writeSync(fd, line)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : line.length
  }
}
