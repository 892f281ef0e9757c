/** The tabs of the dock. Arrow keys move between them, Delete ends a shell. */
import { CloseButton } from '@mantine/core'
import type { Dispatch, KeyboardEvent } from 'react'
import { isOver, type LinkState } from '../connection/machine.ts'
import { type DockAction, type DockTab, tabTitle } from './dock-state.ts'
import styles from './dock.module.css'

export function DockTabs(props: {
  readonly tabs: readonly DockTab[]
  readonly active: string | null
  readonly states: Readonly<Record<string, LinkState>>
  readonly act: Dispatch<DockAction>
  /** `byKey`: with the focus on the tab. */
  readonly onClose: (tab: DockTab, byKey: boolean) => void
}) {
  const { tabs, active, states, act, onClose } = props
  const press = (event: KeyboardEvent, tab: DockTab) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key] as 1 | -1 | undefined
    if (by !== undefined) {
      act({ type: 'step', by })
      const list = event.currentTarget.closest('[role=tablist]')
      requestAnimationFrame(() => list?.querySelector<HTMLElement>('[aria-selected=true]')?.focus())
    }
    // Not again while the key is held: the next tab then has the focus.
    if (event.key === 'Delete' && !event.repeat) onClose(tab, true)
  }
  return (
    <div role="tablist" aria-label="Terminals" className={styles['tabs']}>
      {tabs.map((tab) => (
        <span key={tab.key} className={styles['tab']} data-active={tab.key === active || undefined} role="presentation">
          <button
            type="button"
            role="tab"
            aria-selected={tab.key === active}
            aria-controls={`terminal-${tab.key}`}
            aria-keyshortcuts="Delete"
            tabIndex={tab.key === active ? 0 : -1}
            onClick={() => act({ type: 'select', key: tab.key })}
            onKeyDown={(event) => press(event, tab)}
          >
            {tabTitle(tabs, tab)}
            <Mark state={states[tab.key]} />
          </button>
          {/* For the mouse only, because a tablist may contain only tabs. The keyboard has Delete and the menu. */}
          <CloseButton
            size="xs"
            tabIndex={-1}
            aria-hidden
            title="End the shell (Delete)"
            onClick={() => onClose(tab, false)}
          />
        </span>
      ))}
    </div>
  )
}

function Mark({ state }: { readonly state: LinkState | undefined }) {
  if (state === undefined || state.kind === 'attached') return null
  const isLost = state.kind === 'waiting' || (state.kind === 'connecting' && state.lostAt !== null)
  return <span className={styles['mark']}>{isOver(state) ? 'ended' : isLost ? 'not connected' : '…'}</span>
}
