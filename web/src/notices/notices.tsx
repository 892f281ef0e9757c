/**
 * Messages about the results of actions. A success disappears by itself. A problem stays until it is closed, and
 * remains in a list that can be opened again.
 */
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react'
import { ProblemNote } from '../parts/problem-note.tsx'
import styles from './notices.module.css'

/** Time for which a success is shown. */
const SUCCESS_MS = 4_000
/** Maximum number of problems shown at once: more would hide the page. All are in the list. */
const MAX_SHOWN = 3
/** Maximum number of problems in the list; the oldest are dropped. */
const MAX_KEPT = 50

interface Success {
  readonly id: number
  readonly text: string
}

export interface Problem {
  readonly id: number
  readonly text: string
  readonly error: unknown
  /** Epoch milliseconds of this machine's clock. */
  readonly at: number
  /** A closed problem is only in the list. */
  readonly isClosed: boolean
}

export interface Notices {
  /** Shows that an action has succeeded. */
  done(text: string): void
  /** Shows what was not done, with the manager's message and code, until it is closed. */
  problem(text: string, error: unknown): void
}

interface Kept {
  /** Latest first. */
  readonly problems: readonly Problem[]
  readonly forgetAll: () => void
}

const NoticesContext = createContext<Notices | null>(null)
const KeptContext = createContext<Kept | null>(null)

export function NoticesProvider({ children }: { readonly children: ReactNode }) {
  const [successes, setSuccesses] = useState<readonly Success[]>([])
  const [problems, setProblems] = useState<readonly Problem[]>([])
  const close = useCallback(
    (id: number) =>
      setProblems((all) => all.map((problem) => (problem.id === id ? { ...problem, isClosed: true } : problem))),
    [],
  )
  const value = useMemo<Notices>(
    () => ({
      done: (text) => {
        const id = newId()
        setSuccesses((all) => [...all, { id, text }])
        setTimeout(() => setSuccesses((all) => all.filter((success) => success.id !== id)), SUCCESS_MS)
      },
      problem: (text, error) => {
        const problem = { id: newId(), text, error, at: Date.now(), isClosed: false }
        setProblems((all) => [problem, ...all].slice(0, MAX_KEPT))
      },
    }),
    [],
  )
  const kept = useMemo(() => ({ problems, forgetAll: () => setProblems([]) }), [problems])
  const shown = problems.filter(({ isClosed }) => !isClosed).slice(0, MAX_SHOWN)
  return (
    <NoticesContext value={value}>
      <KeptContext value={kept}>{children}</KeptContext>
      <section className={styles['list']} aria-label="Messages">
        <div role="status">
          {successes.map(({ id, text }) => (
            <p key={id} className={styles['done']}>
              {text}
            </p>
          ))}
        </div>
        {shown.map(({ id, text, error }) => (
          <ProblemNote key={id} title={text} error={error} onClose={() => close(id)} />
        ))}
      </section>
    </NoticesContext>
  )
}

function newId(): number {
  return performance.now() + Math.random()
}

export function useNotices(): Notices {
  const notices = useContext(NoticesContext)
  if (!notices) throw new Error('useNotices is called outside NoticesProvider')
  return notices
}

export function useProblems(): Kept {
  const kept = useContext(KeptContext)
  if (!kept) throw new Error('useProblems is called outside NoticesProvider')
  return kept
}
