import { CopyButton } from './copy/copy-button.tsx'
import styles from './command-line.module.css'

/** A command with a button that copies it. */
export function CommandLine({ command, label }: { readonly command: string; readonly label?: string }) {
  return (
    <div className={styles['line']}>
      {/* Long commands scroll, so the keyboard must be able to focus them. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrolled with the arrow keys */}
      <code className={styles['code']} tabIndex={0}>
        {command}
      </code>
      <CopyButton text={command} label={label ?? 'Copy the command'} />
    </div>
  )
}
