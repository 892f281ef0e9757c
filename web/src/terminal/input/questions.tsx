/** Questions that programs in the terminal cause: opening links, and copying to the clipboard. */
import { Button, CloseButton } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useCopy } from '../../parts/copy/copy-provider.tsx'
import styles from '../view/terminal-view.module.css'

/** Shows the whole target of a link before it is opened. */
export function LinkQuestion({ target, onClose }: { readonly target: string; readonly onClose: () => void }) {
  const copy = useCopy()
  const link = useRef<HTMLAnchorElement>(null)
  // Once for each target: the terminal renders again while the person types elsewhere.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another target is another question
  useEffect(() => link.current?.focus(), [target])
  return (
    <section className={styles['bar']} aria-label="Link">
      <span>Open</span>
      <a
        className={styles['target']}
        href={target}
        target="_blank"
        rel="noopener noreferrer"
        onClick={() => setTimeout(onClose)}
        ref={link}
      >
        {target}
      </a>
      <Button size="compact-xs" onClick={() => copy(target) && onClose()}>
        Copy
      </Button>
      <CloseButton size="sm" aria-label="Do not open the link" onClick={onClose} />
    </section>
  )
}

export function CopyQuestion(props: {
  readonly text: string
  readonly onAllow: () => void
  readonly onDeny: () => void
}) {
  const { text, onAllow, onDeny } = props
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return (
    <div className={styles['bar']} role="alert">
      <span>A program wants to copy this text to the clipboard:</span>
      <code className={styles['target']}>{shown.replace(/\s+/g, ' ')}</code>
      <Button size="compact-xs" onClick={onAllow}>
        Allow in this terminal
      </Button>
      <Button size="compact-xs" onClick={onDeny}>
        Never
      </Button>
    </div>
  )
}
