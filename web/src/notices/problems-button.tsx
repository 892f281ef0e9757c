/** Button "2 problems" in the header. Opens the list of problems since the page was loaded. */
import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { ProblemNote } from '../parts/problem-note.tsx'
import { useTimeWords } from '../settings/settings.tsx'
import { timeOfDay } from '../words/time.ts'
import { useProblems } from './notices.tsx'
import styles from './notices.module.css'

export function ProblemsButton() {
  const { problems, forgetAll } = useProblems()
  const [opened, setOpened] = useState(false)
  const words = useTimeWords()
  if (problems.length === 0) return null
  const title = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  return (
    <>
      <Button onClick={() => setOpened(true)} aria-haspopup="dialog">
        {title}
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={`${title}, latest first`} size="lg">
        <ol className={styles['problems']}>
          {problems.map(({ id, text, error, at }) => (
            <li key={id}>
              <span className="secondary">{timeOfDay(at, words)}</span>
              <ProblemNote title={text} error={error} isOld />
            </li>
          ))}
        </ol>
        <Button
          onClick={() => {
            setOpened(false)
            forgetAll()
          }}
        >
          Forget all
        </Button>
      </Modal>
    </>
  )
}
