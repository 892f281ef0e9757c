/** Opens more terminals: another shell in the same container, or one that is open elsewhere. */
import { ActionIcon, Menu } from '@mantine/core'
import { Plus } from 'lucide-react'
import type { Dispatch } from 'react'
import { containersOf, useOpenReservations } from '../../api/lists.ts'
import { useSession } from '../../api/session.ts'
import { useTerminals } from '../../api/terminals.ts'
import { continued, Since } from './continue-shells.tsx'
import { type DockAction, type DockTab, tabTitle } from './dock-state.ts'
import { newKey } from './new-key.ts'

export function DockMenu(props: {
  readonly tabs: readonly DockTab[]
  /** The terminal that is shown. */
  readonly current: DockTab | null
  readonly act: Dispatch<DockAction>
  readonly onEnd: (tab: DockTab) => void
}) {
  const { tabs, current, act, onEnd } = props
  const { data: open = [], refetch } = useTerminals()
  const elsewhere = open.filter(({ id }) => tabs.every(({ terminal }) => terminal !== id))
  const name = useSession().data?.identity?.name
  const { data: reservations = [] } = useOpenReservations()
  const mine = containersOf(name, reservations).filter((container) => container !== current?.container)
  return (
    // No event tells that another window has opened or closed a terminal.
    <Menu position="top-start" transitionProps={{ duration: 0 }} onOpen={() => void refetch()}>
      <Menu.Target>
        <ActionIcon size="sm" aria-label="Open or end a terminal" title="Open or end a terminal">
          <Plus size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown mah="60vh" style={{ overflowY: 'auto' }}>
        {current !== null && (
          <Menu.Item onClick={() => act({ type: 'open-another', key: newKey(), container: current.container })}>
            Another shell in {current.container}
          </Menu.Item>
        )}
        {mine.map((container) => (
          <Menu.Item key={container} onClick={() => act({ type: 'open', key: newKey(), container })}>
            {container}
          </Menu.Item>
        ))}
        {current !== null && (
          <Menu.Item onClick={() => onEnd(current)} rightSection={<kbd>Delete</kbd>}>
            End the shell in {tabTitle(tabs, current)}
          </Menu.Item>
        )}
        {elsewhere.length > 0 && <Menu.Label>Open elsewhere</Menu.Label>}
        {elsewhere.map((terminal) => (
          <Menu.Item key={terminal.id} onClick={() => act(continued(terminal))}>
            Continue {terminal.container} <Since terminal={terminal} />
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
