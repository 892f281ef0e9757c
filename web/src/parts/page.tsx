/** The heading and actions of a page, and what it shows while it loads or after a failure. */
import { Button } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import { ProblemNote } from './problem-note.tsx'
import styles from './page.module.css'

export function Page(props: { readonly title: string; readonly actions?: ReactNode; readonly children: ReactNode }) {
  const { title, actions, children } = props
  useEffect(() => {
    document.title = `${title} · Berth`
  }, [title])
  return (
    <>
      <header className={styles['header']}>
        <h1 tabIndex={-1}>{title}</h1>
        <div className={styles['actions']}>{actions}</div>
      </header>
      {children}
    </>
  )
}

interface Loaded<T> {
  readonly data: T | undefined
  readonly error: unknown
  readonly refetch: () => unknown
}

/** Query of `Loading` before the real query can start. */
export const PENDING = { data: undefined, error: null, refetch: () => undefined }

/** Renders `children` with the data, also while it is read again. Shows the problem if the first read failed. */
export function Loading<T>(props: {
  readonly of: Loaded<T>
  /** What is loaded, for the sentence of a problem: "the reservations". */
  readonly what: string
  readonly children: (data: T) => ReactNode
}) {
  const { of: query, what, children } = props
  if (query.data !== undefined) return children(query.data)
  if (query.error === null || query.error === undefined) return <output className="secondary">Loading {what} …</output>
  return (
    <>
      <ProblemNote title={`Berth could not load ${what}`} error={query.error} />
      <Button mt="sm" onClick={() => query.refetch()}>
        Try again
      </Button>
    </>
  )
}
