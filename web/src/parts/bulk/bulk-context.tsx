/** Starts actions on many items. They go on while pages change. */
import { createContext, useContext } from 'react'
import type { BulkTask } from './bulk-run.ts'

export type StartBulk = (task: BulkTask) => void

export const BulkContext = createContext<StartBulk | null>(null)

export function useBulk(): StartBulk {
  const start = useContext(BulkContext)
  if (!start) throw new Error('useBulk is called outside BulkProvider')
  return start
}
