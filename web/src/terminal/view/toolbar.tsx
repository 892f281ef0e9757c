/** The toolbar of a terminal. Its first element is the switch for screen readers. */
import { ActionIcon, Button } from '@mantine/core'
import { AArrowDown, AArrowUp, ClipboardPaste, Copy, Ear, ExternalLink, Maximize, Search } from 'lucide-react'
import type { ReactNode } from 'react'
import { TimeLeft } from '../../parts/time-left.tsx'
import type { LookSettings } from './look.ts'
import type { Held } from '../ending/warning.ts'
import styles from './terminal-view.module.css'

export interface ToolbarActions {
  readonly copy: () => void
  readonly paste: () => void
  readonly search: () => void
  readonly fullScreen: () => void
  /** Shows the same shell in a window of its own; null where it is in one. */
  readonly ownWindow: (() => void) | null
}

export function Toolbar(props: {
  readonly container: string
  readonly held: Held | null
  readonly settings: LookSettings
  readonly actions: ToolbarActions
}) {
  const { container, held, settings, actions } = props
  const { look, setScreenReader, changeFontSize } = settings
  return (
    <div className={styles['toolbar']} role="toolbar" aria-label={`Terminal ${container}`} data-f6-toolbar>
      <Button
        size="compact-xs"
        variant={look.screenReader ? 'filled' : 'default'}
        aria-label="Screen reader"
        aria-pressed={look.screenReader}
        title="Reads output aloud, and lets a screen reader walk through the text"
        onClick={() => setScreenReader(!look.screenReader)}
      >
        <Ear size={14} aria-hidden />
        <span className={styles['word']}>Screen reader</span>
      </Button>
      <span className={styles['who']}>
        {held && (
          <>
            <span className={styles['account']}>{held.reservation.username} · </span>
            <TimeLeft at={held.expiresAt} />
          </>
        )}
      </span>
      <div className={styles['tools']}>
        <Tool label="Smaller text" act={() => changeFontSize(-1)} icon={<AArrowDown size={16} />} />
        <Tool label="Larger text" act={() => changeFontSize(1)} icon={<AArrowUp size={16} />} />
        <Tool label="Search (Ctrl+Shift+F)" act={actions.search} icon={<Search size={16} />} />
        <Tool label="Copy the selection, or what is on the screen" act={actions.copy} icon={<Copy size={16} />} />
        <Tool label="Paste" act={actions.paste} icon={<ClipboardPaste size={16} />} />
        <Tool wide label="Full screen" act={actions.fullScreen} icon={<Maximize size={16} />} />
        {actions.ownWindow && (
          <Tool wide label="Open in a new window" act={actions.ownWindow} icon={<ExternalLink size={16} />} />
        )}
      </div>
    </div>
  )
}

function Tool(props: {
  readonly label: string
  readonly act: () => void
  readonly icon: ReactNode
  /** Hidden on phones, which have no separate windows. */
  readonly wide?: boolean
}) {
  const { label, act, icon, wide = false } = props
  return (
    <ActionIcon size="sm" data-wide={wide || undefined} aria-label={label} title={label} onClick={act}>
      {icon}
    </ActionIcon>
  )
}
