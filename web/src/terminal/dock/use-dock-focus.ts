/** Where the focus goes when a terminal of the dock is closed. Lost, it would go to the top of the page. */
import { type FocusEvent, type RefObject, useEffect, useLayoutEffect, useRef } from 'react'
import type { DockTab } from './dock-state.ts'

const TARGETS = {
  tab: '[role=tab][aria-selected=true]',
  terminal: '[data-terminal]:not([hidden]) textarea',
} as const

export interface DockFocus {
  readonly onFocus: (event: FocusEvent) => void
  /** The next tab or its terminal takes the focus, once this tab has disappeared. */
  readonly afterClose: (tab: string, target: keyof typeof TARGETS) => void
}

/** The dock disappears with its last terminal. */
export function useDockFocus(dock: RefObject<HTMLElement | null>, tabs: readonly DockTab[]): DockFocus {
  const closed = useRef<{ readonly tab: string; readonly target: keyof typeof TARGETS } | null>(null)
  /** Had the focus before the dock. */
  const previous = useRef<Element | null>(null)
  useEffect(() => {
    // Other changes of the tabs may still be on their way: the shell has ended, before its tab disappears.
    if (closed.current === null || tabs.some(({ key }) => key === closed.current?.tab)) return
    dock.current?.querySelector<HTMLElement>(TARGETS[closed.current.target])?.focus()
    closed.current = null
  }, [dock, tabs])
  useLayoutEffect(() => {
    const element = dock.current
    return () => {
      const { activeElement } = document
      if (activeElement !== document.body && !element?.contains(activeElement)) return
      const back = previous.current?.isConnected ? previous.current : document.getElementById('main')
      if (back instanceof HTMLElement) back.focus({ preventScroll: true })
    }
  }, [dock])
  return {
    onFocus: ({ relatedTarget }) => {
      // Dialogs that ask about a terminal are gone when they are answered.
      if (!(relatedTarget instanceof Element) || relatedTarget.closest('[role=dialog], [role=menu]')) return
      if (!dock.current?.contains(relatedTarget)) previous.current = relatedTarget
    },
    afterClose: (tab, target) => {
      closed.current = { tab, target }
    },
  }
}
