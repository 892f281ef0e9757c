import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { BulkContext } from './bulk-context.tsx'
import { BulkPanel } from './bulk-panel.tsx'
import { BulkRun, type BulkTask } from './bulk-run.ts'
import styles from './bulk.module.css'

/** Maximum delay before a result is shown, so that a thousand results do not cause a thousand renders. */
const SHOW_MS = 100

interface Started {
  /** Unique, so that a panel keeps its state when an earlier one is closed. */
  readonly key: number
  readonly run: BulkRun
}

export function BulkProvider({ children }: { readonly children: ReactNode }) {
  const [runs, setRuns] = useState<readonly Started[]>([])
  const nextKey = useRef(0)
  const [, render] = useState(0)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)

  const show = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = null
      render((count) => count + 1)
    }, SHOW_MS)
  }, [])
  const start = useCallback(
    (task: BulkTask) => {
      const run = new BulkRun(task, { onChange: show })
      const key = nextKey.current++
      setRuns((before) => [...before, { key, run }])
      void run.start()
    },
    [show],
  )
  const isBusy = runs.some(({ run }) => !run.progress.isOver)
  useEffect(() => {
    if (!isBusy) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    globalThis.addEventListener('beforeunload', ask)
    return () => globalThis.removeEventListener('beforeunload', ask)
  }, [isBusy])

  return (
    <BulkContext value={start}>
      {children}
      {runs.length > 0 && (
        <section className={styles['panels']} aria-label="Bulk actions">
          {runs.map(({ key, run }, nth) => (
            <BulkPanel
              key={key}
              task={run.task}
              progress={run.progress}
              isEarlier={nth < runs.length - 1}
              onAgain={() => void run.again()}
              onClose={() => setRuns((before) => before.filter((one) => one.run !== run))}
            />
          ))}
        </section>
      )}
    </BulkContext>
  )
}
