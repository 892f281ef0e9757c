/** Keeps the open terminals over changes of the page and reloads. xterm is loaded when there is one. */
import { type ReactNode, Suspense, useEffect, useMemo, useReducer, useState } from 'react'
import { useLocation } from 'wouter'
import { useSession } from '../api/session.ts'
import { FailureBoundary } from '../loading/failure-boundary.tsx'
import { lazyPart } from '../loading/lazy-part.ts'
import { DockContext } from './dock-context.tsx'
import { ContinueShells } from './dock/continue-shells.tsx'
import { dockAfter, focusKeyOf, parseStored, storedText } from './dock/dock-state.ts'
import { newKey } from './dock/new-key.ts'

const STORED_AS = 'berth-dock'

const DockPanel = lazyPart(async () => (await import('./dock/dock-panel.tsx')).DockPanel)

export function DockProvider({ children }: { readonly children: ReactNode }) {
  const identity = useSession().data?.identity?.name ?? ''
  const [state, act] = useReducer(dockAfter, null, () => parseStored(sessionStorage.getItem(STORED_AS), identity))
  const [restored] = useState(() => (state.tabs.length > 0 ? focusKeyOf(state) : null))
  const [location] = useLocation()
  useEffect(() => sessionStorage.setItem(STORED_AS, storedText(state, identity)), [state, identity])
  const dock = useMemo(() => ({ open: (container: string) => act({ type: 'open', key: newKey(), container }) }), [])
  // The window of a single terminal has no dock.
  const isShown = !location.startsWith('/terminal/')
  return (
    <DockContext value={dock}>
      {children}
      {isShown && state.tabs.length === 0 && <ContinueShells act={act} />}
      {isShown && state.tabs.length > 0 && (
        <FailureBoundary what="the terminals" place="dock">
          <Suspense fallback={null}>
            <DockPanel state={state} act={act} restored={restored} />
          </Suspense>
        </FailureBoundary>
      )}
    </DockContext>
  )
}
