/** Moves the focus when a terminal of the dock is closed, so that it does not go to the top of the page. */
import { type FocusEvent, type RefObject, useEffect, useLayoutEffect, useRef } from 'react'
import { usePreviousFocus } from '../../keyboard/use-previous-focus.ts'
import { SHOWN_TERMINAL } from '../view/use-f6.ts'
import type { DockTab } from './dock-state.ts'

const TARGETS = {
  tab: '[role=tab][aria-selected=true]',
  terminal: SHOWN_TERMINAL,
} as const

export interface DockFocus {
  readonly onFocus: (event: FocusEvent) => void
  /** Focuses the next tab or its terminal, once this tab has disappeared. */
  readonly afterClose: (tab: string, target: keyof typeof TARGETS) => void
}

/** When the dock disappears with its last terminal, the focus returns to what had it before. */
export function useDockFocus(dock: RefObject<HTMLElement | null>, tabs: readonly DockTab[]): DockFocus {
  const closed = useRef<{ readonly tab: string; readonly target: keyof typeof TARGETS } | null>(null)
  const { previous, onFocus } = usePreviousFocus()
  useEffect(() => {
    // The tabs may change before this one disappears: its shell ends first.
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
  }, [dock, previous])
  return {
    onFocus,
    afterClose: (tab, target) => {
      closed.current = { tab, target }
    },
  }
}
