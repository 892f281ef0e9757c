/** The results of a bulk action. Shown until it is closed. */
import { ActionIcon, Button, CloseButton } from '@mantine/core'
import { ChevronDown, ChevronUp } from 'lucide-react'
import { useState } from 'react'
import { CopyButton } from '../copy/copy-button.tsx'
import type { BulkTask, ItemResult, Progress } from './bulk-run.ts'
import { progressText, resultText } from './bulk-text.ts'
import styles from './bulk.module.css'

interface PanelProps {
  readonly task: BulkTask
  readonly progress: Progress
  /** Whether a later action has a panel: then only the result is shown, until the panel is unfolded. */
  readonly isEarlier: boolean
  readonly onAgain: () => void
  readonly onClose: () => void
}

/** Maximum number of results that are listed without a click. */
const MAX_LISTED = 20

export function BulkPanel({ task, progress, isEarlier, onAgain, onClose }: PanelProps) {
  const { items, title, done } = task
  const { refused, retryable, isOver, results } = progress
  const [isOpen, setOpen] = useState(items.length <= MAX_LISTED)
  const [isFolded, setFolded] = useState<boolean | null>(null)
  const folded = isFolded ?? isEarlier
  const Arrow = folded ? ChevronUp : ChevronDown
  const text = progressText(progress, items.length, done)
  const lines = (some: typeof items) =>
    some.map(({ id, name }) => (
      <li key={id}>
        <Result name={name} result={results.get(id) ?? { kind: 'waiting' }} done={done} />
      </li>
    ))
  return (
    <div className={styles['panel']}>
      <header className={styles['header']}>
        <h2>{title}</h2>
        <ActionIcon
          aria-label={`${folded ? 'Unfold' : 'Fold'} “${title}”`}
          title={folded ? 'Unfold' : 'Fold'}
          aria-expanded={!folded}
          onClick={() => setFolded(!folded)}
        >
          <Arrow size={16} aria-hidden />
        </ActionIcon>
        {isOver && <CloseButton aria-label={`Close “${title}”`} onClick={onClose} />}
      </header>
      {!folded && <progress aria-label={title} max={items.length} value={progress.done + refused.length} />}
      {/* Not each of a thousand steps is read aloud. */}
      <p>{text}</p>
      <span role="status" className={styles['hidden']}>
        {isOver ? `${title}: ${text}` : ''}
      </span>
      {!folded && (
        <>
          {isOver && refused.length > 0 && (
            <div className={styles['buttons']}>
              {retryable.length > 0 && (
                <Button onClick={onAgain}>Try the {retryable.length.toLocaleString()} again</Button>
              )}
              <CopyButton
                label="Copy what was refused"
                text={refused.map(({ id, name }) => `${name}: ${resultText(results.get(id), done)}`).join('\n')}
              />
            </div>
          )}
          {!isOpen && refused.length > 0 && (
            <ul className={styles['items']} aria-label="Refused">
              {lines(refused)}
            </ul>
          )}
          {items.length > MAX_LISTED && (
            <Button size="compact-xs" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
              {isOpen ? 'Show refusals only' : `Show all ${items.length.toLocaleString()} results`}
            </Button>
          )}
          {isOpen && (
            <ul className={styles['items']} aria-label="Results">
              {lines(items)}
            </ul>
          )}
        </>
      )}
    </div>
  )
}

function Result(props: { readonly name: string; readonly result: ItemResult; readonly done: string }) {
  const { name, result, done } = props
  return (
    <>
      <span>{name}</span>{' '}
      <span className={result.kind === 'refused' ? 'needs-person' : 'secondary'}>{resultText(result, done)}</span>
    </>
  )
}
