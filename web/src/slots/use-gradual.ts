import { useEffect, useState } from 'react'
import { nextDrawn } from './gradual.ts'
import type { Slot } from './slots.ts'

/** Number of changed tiles that fit into one frame, with time left for the rest of the page. */
const MAX_CHANGES_PER_FRAME = 200

/** Returns the slots as the map draws them now; they become those that are wanted over the next frames. */
export function useGradual(wanted: readonly Slot[]): readonly Slot[] {
  const [drawn, setDrawn] = useState(wanted)
  useEffect(() => {
    if (drawn === wanted) return
    const frame = requestAnimationFrame(() => setDrawn(nextDrawn(drawn, wanted, MAX_CHANGES_PER_FRAME)))
    return () => cancelAnimationFrame(frame)
  }, [drawn, wanted])
  return drawn
}
