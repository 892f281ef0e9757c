/** F6 moves the focus between terminal, toolbar and page. Inside the terminal, `key-rules.ts` handles the key. */
import { useEffect } from 'react'

/** Selector of the field that takes the keys of the shown terminal. */
export const SHOWN_TERMINAL = '[data-terminal]:not([hidden]) textarea'

/** Call it once where terminals are shown: they have `data-terminal`, what surrounds them may have `data-f6-frame`. */
export function useF6(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== 'F6' || event.defaultPrevented || event.ctrlKey || event.altKey || event.shiftKey) return
      event.preventDefault()
      const isInside = document.activeElement?.closest('[data-terminal], [data-f6-frame]')
      if (isInside) document.getElementById('main')?.focus()
      else document.querySelector<HTMLElement>(SHOWN_TERMINAL)?.focus()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])
}
