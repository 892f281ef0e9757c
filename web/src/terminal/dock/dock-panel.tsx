/** The dock: terminals at the bottom of the window, over all pages. */
import { ActionIcon } from '@mantine/core'
import { ChevronDown, ChevronUp, Maximize2, Minimize2 } from 'lucide-react'
import { type Dispatch, useRef, useState } from 'react'
import { useConfirm } from '../../parts/confirm.tsx'
import { useBerth } from '../../api/berth.tsx'
import { endTerminal } from '../../api/terminals.ts'
import { isOver, type LinkState } from '../connection/machine.ts'
import { EndWarnings } from '../ending/end-warning.tsx'
import { TerminalView } from '../view/terminal-view.tsx'
import { DockMenu } from './dock-menu.tsx'
import { type DockAction, type DockState, type DockTab, focusKeyOf, tabTitle } from './dock-state.ts'
import { DockTabs } from './dock-tabs.tsx'
import { ResizeHandle } from './resize-handle.tsx'
import { useF6 } from '../view/use-f6.ts'
import { useDockFocus } from './use-dock-focus.ts'
import { useDockHeight } from './use-dock-height.ts'
import styles from './dock.module.css'

interface DockPanelProps {
  readonly state: DockState
  readonly act: Dispatch<DockAction>
  /** Focus key of the terminal that was restored after a reload and does not take the focus; null if there was none. */
  readonly restored: string | null
}

export function DockPanel({ state, act, restored }: DockPanelProps) {
  const { tabs, active, size } = state
  const dock = useRef<HTMLElement>(null)
  const confirm = useConfirm()
  const berth = useBerth()
  const [states, setStates] = useState<Readonly<Record<string, LinkState>>>({})
  const shownKey = focusKeyOf(state)
  const focusKey = shownKey === restored ? null : shownKey
  const { height, room } = useDockHeight(dock, state)
  useF6()
  const focus = useDockFocus(dock, tabs)

  const take = (tab: DockTab, link: LinkState) => {
    setStates((all) => (all[tab.key] === link ? all : { ...all, [tab.key]: link }))
    if (isOver(link) !== (tab.over ?? false)) act({ type: 'over', key: tab.key, over: isOver(link) })
  }
  const close = async (tab: DockTab, byKey: boolean) => {
    const isOpen = states[tab.key]?.kind === 'attached' || states[tab.key]?.kind === 'waiting'
    const question = {
      title: `End the shell in ${tab.container}?`,
      consequence: 'Programs in it end, too. To keep it running, minimise the terminals or close the window.',
      action: 'End the shell',
    }
    if (isOpen && !(await confirm(question))) return
    // A failure is ignored: the shell may have ended already, or ends later without viewers.
    if (tab.terminal !== null) await endTerminal(berth, tab.terminal).catch(() => undefined)
    act({ type: 'close', key: tab.key })
    focus.afterClose(tab.key, byKey ? 'tab' : 'terminal')
  }
  const toOwnWindow = (tab: DockTab) => {
    if (tab.terminal === null) return
    const query = `?terminal=${encodeURIComponent(tab.terminal)}`
    globalThis.open(`/ui/terminal/${encodeURIComponent(tab.container)}${query}`, '_blank', 'noopener,popup')
    act({ type: 'close', key: tab.key })
  }
  const current = tabs.find((tab) => tab.key === active)
  return (
    <section
      ref={dock}
      data-f6-frame
      onFocus={focus.onFocus}
      className={styles['dock']}
      data-size={size}
      style={{ maxHeight: room }}
      aria-label="Terminals"
    >
      {size === 'normal' && <ResizeHandle height={state.height} act={act} />}
      <EndWarnings containers={tabs.map((tab) => tab.container)} />
      {/* Warnings add to the height of the dock, so that the shells keep their size. */}
      <div className={styles['body']} style={{ height }}>
        <div className={styles['head']}>
          <DockTabs
            tabs={tabs}
            active={active}
            states={states}
            act={act}
            onClose={(tab, byKey) => void close(tab, byKey)}
          />
          <DockMenu tabs={tabs} current={current ?? null} act={act} onEnd={(tab) => void close(tab, false)} />
          <div className={styles['sizes']}>
            {size === 'minimized' ? (
              <ActionIcon
                size="sm"
                aria-label="Show the terminals"
                onClick={() => act({ type: 'size', size: 'normal' })}
              >
                <ChevronUp size={16} aria-hidden />
              </ActionIcon>
            ) : (
              <>
                <ActionIcon
                  size="sm"
                  aria-label={size === 'full' ? 'Smaller' : 'Full height'}
                  title={size === 'full' ? 'Smaller' : 'Full height'}
                  onClick={() => act({ type: 'size', size: size === 'full' ? 'normal' : 'full' })}
                >
                  {size === 'full' ? <Minimize2 size={16} aria-hidden /> : <Maximize2 size={16} aria-hidden />}
                </ActionIcon>
                <ActionIcon
                  size="sm"
                  aria-label="Minimise"
                  title="Minimise"
                  onClick={() => act({ type: 'size', size: 'minimized' })}
                >
                  <ChevronDown size={16} aria-hidden />
                </ActionIcon>
              </>
            )}
          </div>
        </div>
        <div className={styles['views']} hidden={size === 'minimized'}>
          {tabs.map((tab) => (
            <div
              key={tab.key}
              className={styles['view']}
              role="tabpanel"
              id={`terminal-${tab.key}`}
              aria-label={tabTitle(tabs, tab)}
              hidden={tab.key !== active}
            >
              <TerminalView
                container={tab.container}
                terminal={tab.terminal}
                shown={tab.key === active}
                focusKey={tab.key === active ? focusKey : null}
                onShell={(terminal) => act({ type: 'made', key: tab.key, terminal })}
                onOwnWindow={() => toOwnWindow(tab)}
                onState={(link) => take(tab, link)}
              />
            </div>
          ))}
        </div>
      </div>
    </section>
  )
}
