/** A problem with the manager's message and code, which can be copied. */
import { CloseButton } from '@mantine/core'
import { ApiError } from '../../../src/client/client.ts'
import { CopyButton } from './copy/copy-button.tsx'
import styles from './problem-note.module.css'

export function ProblemNote(props: {
  /** What was not done: "alpine-3 was not recycled". */
  readonly title: string
  readonly error: unknown
  readonly onClose?: () => void
  /** In the list of earlier problems; screen readers do not announce it again. */
  readonly isOld?: boolean
}) {
  const { title, error, onClose, isOld = false } = props
  const reason = error instanceof Error ? error.message : String(error)
  const code = error instanceof ApiError ? error.code : null
  return (
    <div role={isOld ? undefined : 'alert'} className={styles['note']}>
      <div className={styles['text']}>
        <strong>{title}</strong>
        <p>{reason}</p>
        {code !== null && (
          <p>
            Code: <a href={`/docs/errors#${code}`}>{code}</a>
          </p>
        )}
      </div>
      <CopyButton text={`${title}: ${reason}${code === null ? '' : ` (${code})`}`} label="Copy the message" />
      {onClose && <CloseButton aria-label="Close the message" onClick={onClose} />}
    </div>
  )
}
