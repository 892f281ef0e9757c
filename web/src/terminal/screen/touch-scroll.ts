/** Swipes scroll the text, which xterm does not do by itself. A tap means that the person wants to type. */

/** A finger that moves less than this taps. */
const TAP_PX = 10

export interface TouchActions {
  readonly tap: () => void
  /** The finger has moved up by this many pixels. */
  readonly swipe: (pixels: number) => void
}

export function followTouch(host: HTMLElement, { tap, swipe }: TouchActions, signal: AbortSignal): void {
  let last: { x: number; y: number } | null = null
  let moved = 0
  let tapped = false
  const start = (event: TouchEvent) => {
    const [touch] = event.touches
    last = event.touches.length === 1 && touch ? { x: touch.clientX, y: touch.clientY } : null
    moved = 0
  }
  const move = (event: TouchEvent) => {
    const [touch] = event.touches
    if (!last || !touch) return
    const up = last.y - touch.clientY
    moved += Math.abs(up) + Math.abs(last.x - touch.clientX)
    last = { x: touch.clientX, y: touch.clientY }
    if (moved < TAP_PX) return
    event.preventDefault()
    swipe(up)
  }
  const end = () => {
    tapped = last !== null && moved < TAP_PX
    last = null
  }
  // Not at the end of the touch: the mouse events that follow it open links, and give the focus to xterm's own field.
  const click = () => {
    if (tapped) tap()
    tapped = false
  }
  host.addEventListener('touchstart', start, { passive: true, signal })
  host.addEventListener('touchmove', move, { passive: false, signal })
  host.addEventListener('touchend', end, { passive: true, signal })
  host.addEventListener('click', click, { signal })
}
