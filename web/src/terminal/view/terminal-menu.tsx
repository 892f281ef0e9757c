/** The terminal's own context menu: that of the browser can neither copy nor paste here on plain http. */
import { Menu } from '@mantine/core'

export interface MenuActions {
  readonly copy: () => void
  readonly paste: () => void
  readonly selectAll: () => void
  readonly search: () => void
  readonly clear: () => void
}

export function TerminalMenu(props: {
  /** Where it opens, in pixels of the window. */
  readonly at: { readonly x: number; readonly y: number }
  readonly hasSelection: boolean
  readonly actions: MenuActions
  readonly onClose: () => void
}) {
  const { at, hasSelection, actions, onClose } = props
  const keys = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl+Shift+'
  return (
    <Menu opened onClose={onClose} position="bottom-start" returnFocus={false} transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <span aria-hidden style={{ position: 'fixed', left: at.x, top: at.y, width: 1, height: 1 }} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={!hasSelection} onClick={actions.copy} rightSection={<kbd>{keys}C</kbd>}>
          Copy
        </Menu.Item>
        <Menu.Item onClick={actions.paste} rightSection={<kbd>{keys}V</kbd>}>
          Paste
        </Menu.Item>
        <Menu.Item onClick={actions.selectAll}>Select all</Menu.Item>
        <Menu.Item onClick={actions.search} rightSection={<kbd>{keys}F</kbd>}>
          Search
        </Menu.Item>
        <Menu.Item onClick={actions.clear}>Clear scrollback</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
