/** Search in the text of a terminal, scrolled-off text included. */
import { ActionIcon, CloseButton } from '@mantine/core'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { useState } from 'react'
import styles from './terminal-view.module.css'

export function SearchBar(props: {
  /** Selects the next match, and returns whether there is one. */
  readonly find: (text: string, backwards: boolean) => boolean
  readonly onClose: () => void
}) {
  const { find, onClose } = props
  const [text, setText] = useState('')
  const [found, setFound] = useState(true)
  const go = (backwards: boolean, wanted = text) => setFound(wanted === '' || find(wanted, backwards))
  return (
    <search className={styles['bar']}>
      <input
        // biome-ignore lint/a11y/noAutofocus: opened by a key, to type into
        autoFocus
        className={styles['field']}
        aria-label="Search in the terminal"
        placeholder="Search"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          go(true, event.currentTarget.value)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onClose()
          if (event.key === 'Enter') go(!event.shiftKey)
        }}
      />
      <ActionIcon size="sm" aria-label="Previous match (Enter)" title="Previous match (Enter)" onClick={() => go(true)}>
        <ArrowUp size={16} aria-hidden />
      </ActionIcon>
      <ActionIcon
        size="sm"
        aria-label="Next match (Shift+Enter)"
        title="Next match (Shift+Enter)"
        onClick={() => go(false)}
      >
        <ArrowDown size={16} aria-hidden />
      </ActionIcon>
      <span role="status">{found ? '' : 'Not found'}</span>
      <CloseButton size="sm" aria-label="Close the search (Esc)" onClick={onClose} />
    </search>
  )
}
