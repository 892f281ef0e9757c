/** The keys that differ between terminals, below each one; the target of a link while the pointer is on it. */
import styles from './terminal-view.module.css'

export function HelpLine({ target }: { readonly target: string | null }) {
  if (target !== null) return <p className={styles['help']}>Opens {target}</p>
  const mac = /Mac|iPhone|iPad/.test(navigator.userAgent)
  return (
    <p className={styles['help']}>
      <span>
        Copy: select, then <kbd>{mac ? '⌘C' : 'Ctrl+C'}</kbd>
      </span>
      <span>
        Paste: <kbd>{mac ? '⌘V' : 'Ctrl+Shift+V'}</kbd>
      </span>
      <span>Menu: right click</span>
      <span>
        Leave: <kbd>F6</kbd>
      </span>
      <span className={styles['rare']} title="A program on the whole screen, or input or output in the last 30 seconds">
        Asks before closing while a shell is in use
      </span>
    </p>
  )
}
