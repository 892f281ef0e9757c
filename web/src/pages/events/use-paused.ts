/** Whether new events wait: because the person said so, or reads further down. */
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
  useEffect(() => {
    const look = () => setScrolled(window.scrollY > TOP_PX)
    look()
    window.addEventListener('scroll', look, { passive: true })
    return () => window.removeEventListener('scroll', look)
  }, [])
  return {
    isPaused: wanted || scrolled,
    pause: () => setWanted(true),
    resume: () => {
      setWanted(false)
      window.scrollTo({ top: 0 })
    },
  }
}
