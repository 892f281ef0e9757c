/** The results of a bulk action. Shown until it is closed. */
import { Button, CloseButton } from '@mantine/core'
import { useState } from 'react'
import { CopyButton } from '../copy-button.tsx'
import type { BulkTask, ItemResult, Progress } from './bulk-run.ts'
import { progressText, resultText } from './bulk-text.ts'
import styles from './bulk.module.css'

interface PanelProps {
  readonly task: BulkTask
  readonly progress: Progress
  readonly onAgain: () => void
  readonly onClose: () => void
}

/** Maximum number of results that are listed without a click. */
const MAX_LISTED = 20

export function BulkPanel({ task, progress, onAgain, onClose }: PanelProps) {
  const { items, title, done } = task
  const { refused, isOver, results } = progress
  const [isOpen, setOpen] = useState(items.length <= MAX_LISTED)
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
        {isOver && <CloseButton aria-label={`Close “${title}”`} onClick={onClose} />}
      </header>
      <progress aria-label={title} max={items.length} value={progress.done + refused.length} />
      {/* Not each of a thousand steps is read aloud. */}
      <p>{text}</p>
      <span role="status" className={styles['hidden']}>
        {isOver ? `${title}: ${text}` : ''}
      </span>
      {isOver && refused.length > 0 && (
        <div className={styles['buttons']}>
          <Button onClick={onAgain}>Try the {refused.length.toLocaleString()} again</Button>
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
