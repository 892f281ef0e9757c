/** Full screen. Where the browser can (Chromium, https or localhost), the shell then gets Ctrl+W and Esc, too. */
import { type RefObject, useCallback } from 'react'

interface LockableKeyboard {
  lock?: (keys?: readonly string[]) => Promise<void>
  unlock?: () => void
}

const LOCKED_KEYS = ['KeyW', 'KeyT', 'KeyN', 'Escape']

export function useFullScreen(frame: RefObject<HTMLElement | null>): () => void {
  return useCallback(() => {
    const { keyboard } = navigator as Navigator & { readonly keyboard?: LockableKeyboard }
    if (document.fullscreenElement) {
      keyboard?.unlock?.()
      void document.exitFullscreen()
      return
    }
    // Refused where a page may not be in full screen; then it stays as it is.
    frame.current
      ?.requestFullscreen()
      .then(() => keyboard?.lock?.(LOCKED_KEYS))
      .catch(() => undefined)
  }, [frame])
}
