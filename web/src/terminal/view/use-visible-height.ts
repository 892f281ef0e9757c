/** The height of the window above an on-screen keyboard, which covers fixed elements at the bottom. */
import { useEffect, useSyncExternalStore } from 'react'

/** Returns the visible height in pixels, and sets `--keyboard-height` for styles. */
export function useVisibleHeight(): number {
  const visible = useSyncExternalStore(subscribeToViewport, visibleHeight)
  useEffect(() => {
    document.documentElement.style.setProperty('--keyboard-height', `${Math.max(0, innerHeight - visible)}px`)
  }, [visible])
  return visible
}

function visibleHeight(): number {
  const { visualViewport } = globalThis
  // It is also smaller while the page is zoomed, which is not caused by a keyboard.
  return visualViewport && visualViewport.scale === 1 ? Math.round(visualViewport.height) : innerHeight
}

function subscribeToViewport(listener: () => void): () => void {
  globalThis.addEventListener('resize', listener)
  globalThis.visualViewport?.addEventListener('resize', listener)
  return () => {
    globalThis.removeEventListener('resize', listener)
    globalThis.visualViewport?.removeEventListener('resize', listener)
  }
}
