/** What is waited for, on stderr: one line that moves on a terminal, else a line for each change. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Output } from './output.ts'

export interface Progress {
  /** Worth knowing anywhere. */
  tell(text: string): void
  /** Only worth a line that goes away again. */
  hint(text: string): void
  /** Leaves nothing behind on a terminal. */
  stop(): void
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 120
const ERASE = '\r\u001b[K'

export function startProgress(output: Output, moves: boolean): Progress {
  let last = ''
  if (!moves) {
    return {
      tell(text) {
        if (text !== last) output.write(`${text}\n`)
        last = text
      },
      hint() {},
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
    last = text
    draw()
  }
  return {
    tell: show,
    hint: show,
    stop() {
      if (stopped.signal.aborted) return
      stopped.abort()
      if (last !== '') output.write(ERASE)
    },
  }
}
