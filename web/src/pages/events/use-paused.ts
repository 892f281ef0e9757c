/** Whether new events wait: because the person said so, reads further down, or is in the list. */
import { useEffect, useState } from 'react'

/** Scrolled less than this, the latest events are in sight. */
const TOP_PX = 160

export interface Pause {
  readonly isPaused: boolean
  readonly pause: () => void
  /** Goes back to the top, where new events appear. */
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
    // Rows stand still while one of them has the focus.
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
