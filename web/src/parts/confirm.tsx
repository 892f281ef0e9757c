/** A dialog that asks before something is destroyed, and lists it by name. */
import { Button, Group, Modal, TextInput } from '@mantine/core'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from 'react'
import styles from './confirm.module.css'

interface Question {
  /** "Release 3 reservations?" */
  readonly title: string
  /** What the action causes: "Their containers are destroyed." */
  readonly consequence: ReactNode
  /** Names of what the action concerns; all are listed. */
  readonly names?: readonly string[]
  /** Label of the button: a verb with its object. */
  readonly action: string
  /** Label of the safe button, if “Cancel” could be taken for the action. */
  readonly keep?: string
  /** A word that must be typed first, for an action that concerns all users. */
  readonly typed?: string
}

type Ask = (question: Question) => Promise<boolean>

const ConfirmContext = createContext<Ask | null>(null)

interface Asked {
  readonly number: number
  readonly question: Question
  readonly answer: (yes: boolean) => void
}

export function ConfirmProvider({ children }: { readonly children: ReactNode }) {
  const [asked, setAsked] = useState<readonly Asked[]>([])
  const count = useRef(0)
  const ask = useCallback<Ask>(
    (question) =>
      new Promise((answer) => {
        count.current++
        const next = { number: count.current, question, answer }
        // A question waits until the earlier ones are answered. If it replaced the shown one, that would never be
        // answered, and a click could hit a button of another question.
        setAsked((all) => [...all, next])
      }),
    [],
  )
  const [first] = asked
  const settle = (yes: boolean) => {
    first?.answer(yes)
    setAsked((all) => all.filter((one) => one !== first))
  }
  return (
    <ConfirmContext value={ask}>
      {children}
      <Modal opened={first !== undefined} onClose={() => settle(false)} title={first?.question.title}>
        {first && <Body key={first.number} question={first.question} onAnswer={settle} />}
      </Modal>
    </ConfirmContext>
  )
}

function Body({ question, onAnswer }: { readonly question: Question; readonly onAnswer: (yes: boolean) => void }) {
  const { consequence, names = [], action, keep = 'Cancel', typed: wanted } = question
  const [typed, setTyped] = useState('')
  const cancel = useRef<HTMLButtonElement>(null)
  const field = useRef<HTMLInputElement>(null)
  // The button that destroys never gets the focus: Enter may have been pressed for something else. Mantine moves the
  // focus only when the dialog opens, not from one question to the next.
  useEffect(() => (field.current ?? cancel.current)?.focus(), [])
  return (
    <>
      <div>{consequence}</div>
      {names.length > 0 && (
        <ul className={styles['names']} aria-label="Affected">
          {names.map((name) => (
            <li key={name}>{name}</li>
          ))}
        </ul>
      )}
      {wanted !== undefined && (
        <TextInput
          ref={field}
          data-autofocus
          label={`Type "${wanted}" to continue`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      <Group justify="flex-end" mt="md">
        <Button ref={cancel} data-autofocus={wanted === undefined ? true : undefined} onClick={() => onAnswer(false)}>
          {keep}
        </Button>
        <Button
          variant="filled"
          color="red.9"
          disabled={wanted !== undefined && typed !== wanted}
          onClick={() => onAnswer(true)}
        >
          {action}
        </Button>
      </Group>
    </>
  )
}

/** Returns a function that asks a question. It resolves to true if the person agrees. */
export function useConfirm(): Ask {
  const ask = useContext(ConfirmContext)
  if (!ask) throw new Error('useConfirm is called outside ConfirmProvider')
  return ask
}
