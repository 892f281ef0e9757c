/** Messages about what was done. Successes fade; problems stay until they are closed, and can be copied. */
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react'
import { ProblemNote } from '../parts/problem-note.tsx'
import styles from './notices.module.css'

const FADE_MS = 4_000

interface Notice {
  readonly id: number
  readonly kind: 'done' | 'problem'
  readonly text: string
  readonly error?: unknown
}

function isSame(one: Omit<Notice, 'id'>, other: Omit<Notice, 'id'>): boolean {
  return one.kind === 'problem' && one.text === other.text && String(one.error) === String(other.error)
}

interface Notices {
  /** Says that something has succeeded. */
  done(text: string): void
  /** Says what was not done, with the manager's words and code. Shown until it is closed. */
  problem(text: string, error: unknown): void
}

const NoticesContext = createContext<Notices | null>(null)

export function NoticesProvider({ children }: { readonly children: ReactNode }) {
  const [notices, setNotices] = useState<readonly Notice[]>([])
  const close = useCallback((id: number) => setNotices((all) => all.filter((one) => one.id !== id)), [])
  const add = useCallback((notice: Omit<Notice, 'id'>) => {
    const id = performance.now() + Math.random()
    // The same problem again needs no second message.
    setNotices((all) => (all.some((one) => isSame(one, notice)) ? all : [...all, { ...notice, id }]))
    return id
  }, [])
  const value = useMemo<Notices>(
    () => ({
      done: (text) => {
        const id = add({ kind: 'done', text })
        setTimeout(() => close(id), FADE_MS)
      },
      problem: (text, error) => void add({ kind: 'problem', text, error }),
    }),
    [add, close],
  )
  return (
    <NoticesContext value={value}>
      {children}
      <section className={styles['list']} aria-label="Messages">
        <div role="status">
          {notices.map(
            ({ id, kind, text }) =>
              kind === 'done' && (
                <p key={id} className={styles['done']}>
                  {text}
                </p>
              ),
          )}
        </div>
        {notices.map(
          ({ id, kind, text, error }) =>
            kind === 'problem' && <ProblemNote key={id} title={text} error={error} onClose={() => close(id)} />,
        )}
      </section>
    </NoticesContext>
  )
}

export function useNotices(): Notices {
  const notices = useContext(NoticesContext)
  if (!notices) throw new Error('useNotices is called outside NoticesProvider')
  return notices
}
