/** Opens terminals in the dock at the bottom of the window. They stay open while pages change. */
import { createContext, useContext } from 'react'

export interface Dock {
  /** Opens a terminal in a container of the caller, and focuses it. */
  open(container: string): void
}

export const DockContext = createContext<Dock | null>(null)

export function useDock(): Dock {
  const dock = useContext(DockContext)
  if (!dock) throw new Error('useDock is called outside DockProvider')
  return dock
}
