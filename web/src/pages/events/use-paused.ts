/** Whether new events are held back: by the button, or while the page is scrolled down or a row has the focus. */
import { useEffect, useState } from 'react'

/** Up to this scroll position, the latest events are visible. */
const TOP_PX = 160

export interface Pause {
  readonly isPaused: boolean
  readonly pause: () => void
  /** Scrolls to the top, where new events appear. */
  readonly resume: () => void
}

export function usePaused(): Pause {
  const [wanted, setWanted] = useState(false)
  const [scrolled, setScrolled] = useState(false)
  const [isHeld, setHeld] = useState(false)
  useEffect(() => {
    const stop = new AbortController()
    const options = { passive: true, signal: stop.signal }
    const updateScrolled = () => setScrolled(window.scrollY > TOP_PX)
    // Rows do not move while one of them has the focus.
    const updateHeld = () => setHeld(document.activeElement?.closest('tbody') != null)
    updateScrolled()
    window.addEventListener('scroll', updateScrolled, options)
    document.addEventListener('focusin', updateHeld, options)
    document.addEventListener('focusout', updateHeld, options)
    return () => stop.abort()
  }, [])
  return {
    isPaused: wanted || scrolled || isHeld,
    pause: () => setWanted(true),
    resume: () => {
      setWanted(false)
      setHeld(false)
      window.scrollTo({ top: 0 })
    },
  }
}
