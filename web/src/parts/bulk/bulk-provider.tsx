import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { BulkContext } from './bulk-context.tsx'
import { BulkPanel } from './bulk-panel.tsx'
import { BulkRun, type BulkTask } from './bulk-run.ts'
import styles from './bulk.module.css'

/** Maximum delay before a result is shown, so that a thousand results do not cause a thousand renders. */
const SHOW_MS = 100

export function BulkProvider({ children }: { readonly children: ReactNode }) {
  const [runs, setRuns] = useState<readonly BulkRun[]>([])
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
      setRuns((before) => [...before, run])
      void run.start()
    },
    [show],
  )
  const isBusy = runs.some(({ progress }) => !progress.isOver)
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
          {runs.map((run, nth) => (
            <BulkPanel
              // biome-ignore lint/suspicious/noArrayIndexKey: runs have no name of their own
              key={nth}
              task={run.task}
              progress={run.progress}
              onAgain={() => void run.again()}
              onClose={() => setRuns((before) => before.filter((one) => one !== run))}
            />
          ))}
        </section>
      )}
    </BulkContext>
  )
}
