import { Modal } from '@mantine/core'
import { useAllShortcuts } from '../keyboard/shortcuts.tsx'
import styles from './shortcut-help.module.css'

export function ShortcutHelp({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const shortcuts = useAllShortcuts()
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts">
      <dl className={styles['list']}>
        {opened &&
          shortcuts().map(({ keys, label }) => (
            <div key={`${keys} ${label}`}>
              <dt>
                {keys.split(' ').map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{label}</dd>
            </div>
          ))}
        <div>
          <dt>
            <kbd>F6</kbd>
          </dt>
          <dd>Leave a terminal</dd>
        </div>
      </dl>
      <p className="secondary">
        Single letters do nothing in fields and terminals. They can be switched off in the settings.
      </p>
    </Modal>
  )
}
