/**
 * F6 goes round: the terminal, its tools, the page. Inside the terminal, xterm's own keys come first (`key-rules.ts`).
 */
import { type RefObject, useEffect } from 'react'

export function useF6(dock: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== 'F6' || event.defaultPrevented || event.ctrlKey || event.altKey) return
      event.preventDefault()
      const inDock = dock.current?.contains(document.activeElement) ?? false
      const screen = [...(dock.current?.querySelectorAll<HTMLElement>('[data-terminal] textarea') ?? [])]
      const page = document.getElementById('main')
      if (inDock && page) page.focus()
      else screen.find((field) => field.checkVisibility())?.focus()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [dock])
}
