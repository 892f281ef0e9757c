/**
 * Messages about what was done. Successes fade; problems stay until they are closed, can be copied, and are kept in a
 * list that can be opened again.
 */
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react'
import { ProblemNote } from '../parts/problem-note.tsx'
import styles from './notices.module.css'

const FADE_MS = 4_000
/** More at once would hide the page; the others are in the list. */
const MOST_SHOWN = 3
/** Kept in the list; the oldest are dropped. */
const MOST_KEPT = 50

interface Done {
  readonly id: number
  readonly text: string
}

export interface Problem {
  readonly id: number
  readonly text: string
  readonly error: unknown
  /** Epoch milliseconds of this machine's clock. */
  readonly at: number
  /** Closed ones are in the list only. */
  readonly isClosed: boolean
}

interface Notices {
  /** Says that something has succeeded. */
  done(text: string): void
  /** Says what was not done, with the manager's words and code. Shown until it is closed. */
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
  const [dones, setDones] = useState<readonly Done[]>([])
  const [problems, setProblems] = useState<readonly Problem[]>([])
  const close = useCallback(
    (id: number) => setProblems((all) => all.map((one) => (one.id === id ? { ...one, isClosed: true } : one))),
    [],
  )
  const value = useMemo<Notices>(
    () => ({
      done: (text) => {
        const id = newId()
        setDones((all) => [...all, { id, text }])
        setTimeout(() => setDones((all) => all.filter((one) => one.id !== id)), FADE_MS)
      },
      problem: (text, error) => {
        const problem = { id: newId(), text, error, at: Date.now(), isClosed: false }
        setProblems((all) => [problem, ...all].slice(0, MOST_KEPT))
      },
    }),
    [],
  )
  const kept = useMemo(() => ({ problems, forgetAll: () => setProblems([]) }), [problems])
  const shown = problems.filter(({ isClosed }) => !isClosed).slice(0, MOST_SHOWN)
  return (
    <NoticesContext value={value}>
      <KeptContext value={kept}>{children}</KeptContext>
      <section className={styles['list']} aria-label="Messages">
        <div role="status">
          {dones.map(({ id, text }) => (
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
