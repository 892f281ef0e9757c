/** Progress on stderr: one line that is redrawn on a terminal, otherwise a line for each report. */
import { setTimeout as sleep } from 'node:timers/promises'
import { forTerminal } from '../../domain/text/foreign-text.ts'

export interface Progress {
  /** Shows a text on every output. */
  report(text: string): void
  /** Shows a text only where the next one replaces it. */
  status(text: string): void
  /** Removes the line from a terminal. */
  stop(): void
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 120
/** Commands that take less time show no progress. */
const SHOWN_AFTER_MS = 1_000
const ERASE = '\r\u001b[K'

export function startProgress(output: NodeJS.WriteStream, isRedrawn: boolean): Progress {
  return isRedrawn ? redrawnLine(output) : printedLines(output)
}

/** Writes each report as a line, for logs. */
function printedLines(output: NodeJS.WriteStream): Progress {
  let last = ''
  return {
    report(text) {
      if (text !== last) output.write(`${forTerminal(text)}\n`)
      last = text
    },
    status() {},
    stop() {},
  }
}

/** Redraws one line, for terminals. */
function redrawnLine(output: NodeJS.WriteStream): Progress {
  const started = performance.now()
  const stopped = new AbortController()
  let text = ''
  let frame = 0
  let isShown = false
  void (async () => {
    while (!stopped.signal.aborted) {
      await sleep(FRAME_MS, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined)
      const elapsed = performance.now() - started
      if (stopped.signal.aborted || text === '' || elapsed < SHOWN_AFTER_MS) continue
      const seconds = ` (${Math.floor(elapsed / 1_000)}s)`
      const room = (output.columns || 80) - 3 - seconds.length
      output.write(`${ERASE}${FRAMES[frame++ % FRAMES.length]} ${text.slice(0, room)}${seconds}`)
      isShown = true
    }
  })()
  const show = (next: string) => {
    text = forTerminal(next)
  }
  return {
    report: show,
    status: show,
    stop() {
      if (stopped.signal.aborted) return
      stopped.abort()
      if (isShown) output.write(ERASE)
    },
  }
}
