/** Copies text. If the browser refuses, a dialog shows the text selected, so that the person can copy it with a key. */
import { Modal } from '@mantine/core'
import { createContext, type ReactNode, useCallback, useContext, useState } from 'react'
import { copyText } from './copy-text.ts'
import styles from './copy.module.css'

/** Copies text. Returns whether the browser allowed it; otherwise, a dialog shows the text. */
type Copy = (text: string) => boolean

const CopyContext = createContext<Copy | null>(null)

export function CopyProvider({ children }: { readonly children: ReactNode }) {
  const [refused, setRefused] = useState<string | null>(null)
  const copy = useCallback<Copy>((text) => {
    const isCopied = copyText(text)
    if (!isCopied) setRefused(text)
    return isCopied
  }, [])
  return (
    <CopyContext value={copy}>
      {children}
      <Modal opened={refused !== null} onClose={() => setRefused(null)} title="The text was not copied">
        <p>The browser refused to write to the clipboard. Press Ctrl+C (⌘C) to copy the selected text.</p>
        <textarea
          data-autofocus
          readOnly
          rows={6}
          className={styles['text']}
          aria-label="Text to copy"
          value={refused ?? ''}
          onFocus={(event) => event.currentTarget.select()}
        />
      </Modal>
    </CopyContext>
  )
}

export function useCopy(): Copy {
  const copy = useContext(CopyContext)
  if (!copy) throw new Error('useCopy is called outside CopyProvider')
  return copy
}
