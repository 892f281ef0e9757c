/**
 * Finds a place for the focus when its element disappears or is disabled, as a row does after "Release". The browser
 * would begin again at the top of the page, and screen readers would say nothing.
 */
import { useEffect } from 'react'

/** Tables, dialogs and the dock know a better place, and take the focus within this time. */
const WAIT_MS = 100

/**
 * Focuses the closest part around the lost element that can take the focus (`tabindex`). Around a dialog there is none:
 * then what had the focus in the page before, or the part around it.
 */
export function useLostFocus(): void {
  useEffect(() => {
    let path: readonly Element[] = []
    let pathInPage: readonly Element[] = []
    /** The latest element that was lost: a dialog disappears, then the button that it gave the focus back to. */
    let lost: readonly Element[] = []
    const remember = ({ target }: FocusEvent) => {
      path = target instanceof Element ? pathOf(target) : []
      if (path.some(({ id }) => id === 'main')) pathInPage = path
    }
    const restore = () => {
      if (document.activeElement !== document.body) return
      const place = placeIn(lost) ?? placeIn(pathInPage) ?? document.getElementById('main')
      place?.focus({ preventScroll: true })
    }
    const observer = new MutationObserver(() => {
      const [last] = path
      if (!last || canFocus(last)) return
      lost = path
      path = []
      setTimeout(restore, WAIT_MS)
    })
    document.addEventListener('focusin', remember)
    observer.observe(document.body, { childList: true, subtree: true, attributeFilter: ['disabled'] })
    return () => {
      document.removeEventListener('focusin', remember)
      observer.disconnect()
    }
  }, [])
}

/** Returns the element and what is around it, while it is still there. */
function pathOf(element: Element): readonly Element[] {
  return element.parentElement ? [element, ...pathOf(element.parentElement)] : [element]
}

function placeIn(path: readonly Element[]): HTMLElement | undefined {
  return path.find(canFocus)
}

function canFocus(element: Element): element is HTMLElement {
  if (!(element instanceof HTMLElement) || !element.isConnected || element.matches(':disabled')) return false
  return element.tabIndex >= 0 || element.hasAttribute('tabindex')
}
