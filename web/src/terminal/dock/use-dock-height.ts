/** The height of the dock, and the space that the page reserves for it. */
import { type RefObject, useEffect, useSyncExternalStore } from 'react'
import { useVisibleHeight } from '../view/use-visible-height.ts'
import type { DockState } from './dock-state.ts'

/** Height of the page's header. */
const HEADER_PX = 48

/** Returns the height of the terminals, and the space for the dock: from the header to the on-screen keyboard. */
export function useDockHeight(dock: RefObject<HTMLElement | null>, { size, height }: DockState) {
  const visible = useVisibleHeight()
  const isNarrow = useSyncExternalStore(subscribeToNothing, () => matchMedia('(max-width: 600px)').matches)
  useEffect(() => {
    const root = document.documentElement.style
    const take = () => root.setProperty('--dock-height', `${dock.current?.offsetHeight ?? 0}px`)
    const observer = new ResizeObserver(take)
    if (dock.current) observer.observe(dock.current)
    return () => {
      observer.disconnect()
      root.removeProperty('--dock-height')
    }
  }, [dock])
  const room = visible - HEADER_PX
  // A phone is too small for the page and a terminal at once.
  const wanted = size === 'full' || isNarrow ? room : Math.min(height, room)
  return { height: size === 'minimized' ? undefined : `${wanted}px`, room: `${room}px` }
}

function subscribeToNothing(): () => void {
  return () => undefined
}
