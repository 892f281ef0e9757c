import { type ReactNode, useMemo } from 'react'
import { DockContext } from './dock-context.tsx'

export function DockProvider({ children }: { readonly children: ReactNode }) {
  const dock = useMemo(() => ({ open: () => undefined }), [])
  return <DockContext value={dock}>{children}</DockContext>
}
