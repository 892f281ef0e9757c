/** Offers shells that this window does not show: opened on another device, or left by a closed window. */
import { Button, CloseButton } from '@mantine/core'
import { type Dispatch, useState } from 'react'
import { type OpenTerminal, useTerminals } from '../../api/terminals.ts'
import { useNow } from '../../live/clock.tsx'
import { useTimeWords } from '../../settings/settings.tsx'
import { clockText } from '../../words/time.ts'
import type { DockAction } from './dock-state.ts'
import { newKey } from './new-key.ts'
import styles from './dock.module.css'

/** Maximum number of offered shells. More would cover the page; the menu of the dock lists all. */
const MAX_OFFERED = 3

export function ContinueShells({ act }: { readonly act: Dispatch<DockAction> }) {
  const { data: open = [] } = useTerminals()
  const [closed, setClosed] = useState(false)
  if (open.length === 0 || closed) return null
  return (
    <aside className={styles['offer']} aria-label="Open shells">
      <div className={styles['offered']}>
        {open.slice(0, MAX_OFFERED).map((terminal) => (
          <Button key={terminal.id} onClick={() => act(continued(terminal))}>
            <span>
              Continue the shell of {terminal.container} <Since terminal={terminal} />
            </span>
          </Button>
        ))}
        {open.length > MAX_OFFERED && <span className="secondary">and {open.length - MAX_OFFERED} more</span>}
      </div>
      <CloseButton size="sm" aria-label="Hide the open shells" onClick={() => setClosed(true)} />
    </aside>
  )
}

export function continued({ id, container }: OpenTerminal): DockAction {
  return { type: 'continue', key: newKey(), container, terminal: id }
}

/** "(since 14:02, shown in another window)". */
export function Since({ terminal }: { readonly terminal: OpenTerminal }) {
  const now = useNow()
  const words = useTimeWords()
  const shown = terminal.viewers > 0 ? ', shown in another window' : ''
  return (
    <span className={styles['since']}>
      (since {clockText(Date.parse(terminal.created_at), now, words)}
      {shown})
    </span>
  )
}
