/** Opens more terminals: another shell in the same container, or one that is open elsewhere. */
import { ActionIcon, Menu } from '@mantine/core'
import { Plus } from 'lucide-react'
import type { Dispatch } from 'react'
import { containersOf, useOpenReservations } from '../../api/lists.ts'
import { useSession } from '../../api/session.ts'
import { useTerminals } from '../../api/terminals.ts'
import { continued, Since } from './continue-shells.tsx'
import type { DockAction, DockTab } from './dock-state.ts'
import { newKey } from './new-key.ts'

export function DockMenu(props: {
  readonly tabs: readonly DockTab[]
  /** Container of the terminal that is shown. */
  readonly current: string | null
  readonly act: Dispatch<DockAction>
}) {
  const { tabs, current, act } = props
  const { data: open = [] } = useTerminals()
  const elsewhere = open.filter(({ id }) => tabs.every(({ terminal }) => terminal !== id))
  const name = useSession().data?.identity?.name
  const { data: reservations = [] } = useOpenReservations()
  const mine = containersOf(name, reservations).filter((container) => container !== current)
  return (
    <Menu position="top-start" transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <ActionIcon size="sm" aria-label="Open a terminal" title="Open a terminal">
          <Plus size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown mah="60vh" style={{ overflowY: 'auto' }}>
        {current !== null && (
          <Menu.Item onClick={() => act({ type: 'open-another', key: newKey(), container: current })}>
            Another shell in {current}
          </Menu.Item>
        )}
        {mine.map((container) => (
          <Menu.Item key={container} onClick={() => act({ type: 'open', key: newKey(), container })}>
            {container}
          </Menu.Item>
        ))}
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
