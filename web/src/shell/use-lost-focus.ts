/**
 * Moves the focus when its element disappears or is disabled, for example the button of a row after a release. Without
 * this, the next Tab would start at the top of the page, and screen readers would announce nothing.
 */
import { useEffect } from 'react'

/** Tables, dialogs and the dock move the focus themselves within this time, to a better place. */
const WAIT_MS = 100

/**
 * Focuses the closest ancestor of the lost element that can take the focus (`tabindex`). If there is none, as with a
 * dialog, focuses the element of the page that had the focus before, or its closest such ancestor.
 */
export function useLostFocus(): void {
  useEffect(() => {
    let path: readonly Element[] = []
    let pathInPage: readonly Element[] = []
    /** Path of the element that lost the focus last: a dialog, then the button to which it returned the focus. */
    let lost: readonly Element[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
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
      clearTimeout(timer)
      timer = setTimeout(restore, WAIT_MS)
    })
    document.addEventListener('focusin', remember)
    observer.observe(document.body, { childList: true, subtree: true, attributeFilter: ['disabled'] })
    return () => {
      document.removeEventListener('focusin', remember)
      observer.disconnect()
      clearTimeout(timer)
    }
  }, [])
}

/** Returns the element and its ancestors. Call it while the element is in the document. */
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
