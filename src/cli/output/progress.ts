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
const ERASE = '\r\u001b[K'

export function startProgress(output: NodeJS.WriteStream, isRedrawn: boolean): Progress {
  let last = ''
  if (!isRedrawn) {
    return {
      report(text) {
        if (text !== last) output.write(`${forTerminal(text)}\n`)
        last = text
      },
      status() {},
      stop() {},
    }
  }
  const stopped = new AbortController()
  let frame = 0
  const draw = () => {
    const room = (output.columns || 80) - 3
    output.write(`${ERASE}${FRAMES[frame % FRAMES.length]} ${last.slice(0, room)}`)
  }
  void (async () => {
    while (!stopped.signal.aborted) {
      await sleep(FRAME_MS, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined)
      frame += 1
      if (last !== '' && !stopped.signal.aborted) draw()
    }
  })()
  const show = (text: string) => {
    last = forTerminal(text)
    draw()
  }
  return {
    report: show,
    status: show,
    stop() {
      if (stopped.signal.aborted) return
      stopped.abort()
      if (last !== '') output.write(ERASE)
    },
  }
}
