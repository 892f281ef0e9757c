/** A dialog that asks before something is destroyed, and lists it by name. */
import { Button, Group, Modal, TextInput } from '@mantine/core'
import { createContext, type ReactNode, useCallback, useContext, useState } from 'react'
import styles from './confirm.module.css'

export interface Question {
  /** "Release 3 reservations?" */
  readonly title: string
  /** What the action causes: "Their containers are destroyed." */
  readonly consequence: ReactNode
  /** Names of what the action concerns; all are listed. */
  readonly names?: readonly string[]
  /** Label of the button: a verb with its object. */
  readonly action: string
  /** A word that must be typed first, for an action that concerns all users. */
  readonly typed?: string
}

type Ask = (question: Question) => Promise<boolean>

const ConfirmContext = createContext<Ask | null>(null)

export function ConfirmProvider({ children }: { readonly children: ReactNode }) {
  const [open, setOpen] = useState<{ question: Question; answer: (yes: boolean) => void } | null>(null)
  const [typed, setTyped] = useState('')
  const ask = useCallback<Ask>((question) => {
    setTyped('')
    return new Promise((answer) => setOpen({ question, answer }))
  }, [])
  const settle = (yes: boolean) => {
    open?.answer(yes)
    setOpen(null)
  }
  const question = open?.question
  const wanted = question?.typed
  return (
    <ConfirmContext value={ask}>
      {children}
      <Modal opened={open !== null} onClose={() => settle(false)} title={question?.title}>
        <div>{question?.consequence}</div>
        {question?.names && question.names.length > 0 && (
          <ul className={styles['names']} aria-label="Affected">
            {question.names.map((name) => (
              <li key={name}>{name}</li>
            ))}
          </ul>
        )}
        {wanted !== undefined && (
          <TextInput
            label={`Type "${wanted}" to continue`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
        <Group justify="flex-end" mt="md">
          <Button onClick={() => settle(false)}>Cancel</Button>
          <Button
            variant="filled"
            color="red.9"
            disabled={wanted !== undefined && typed !== wanted}
            onClick={() => settle(true)}
            data-autofocus={wanted === undefined ? true : undefined}
          >
            {question?.action}
          </Button>
        </Group>
      </Modal>
    </ConfirmContext>
  )
}

/** Returns a function that asks a question. It resolves to true if the person agrees. */
export function useConfirm(): Ask {
  const ask = useContext(ConfirmContext)
  if (!ask) throw new Error('useConfirm is called outside ConfirmProvider')
  return ask
}
