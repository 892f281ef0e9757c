/** Keeps pages up to date: follows the event stream, and reads lists again when they have changed. */
import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import { ApiError } from '../../../src/client/client.ts'
import { followLive, type LiveMessage } from '../../../src/client/events.ts'
import { useBerth } from '../api/berth.tsx'
import type { ListName } from '../api/list-name.ts'
import { LiveState, type LiveStatus } from './live-state.ts'
import { listsChangedBy, Refresher } from './refresher.ts'
import { shareStream } from './shared-stream.ts'

const EVERYTHING: readonly ListName[] = [
  'pools',
  'containers',
  'reservations',
  'events',
  'tokens',
  'sessions',
  'terminals',
]

interface Live {
  readonly state: LiveState
}

const LiveContext = createContext<Live | null>(null)

/** Must have the identity as `key`, because the stream sends what that identity may see. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const berth = useBerth()
  const client = useQueryClient()
  const [live] = useState<Live>(() => ({ state: new LiveState() }))

  useEffect(() => {
    const stop = new AbortController()
    const hurry = hurryWhenBack(stop.signal)
    const refresher = new Refresher((name) => client.invalidateQueries({ queryKey: [name] }))
    const take = (message: LiveMessage) => takeMessage(message, live, refresher)
    const open = (signal: AbortSignal) => followLive(berth, { signal, hurry })
    shareStream(open, take, stop.signal).catch((error: unknown) => {
      live.state.setStale(error instanceof Error ? error.message : String(error))
      // The session has ended: it is read again, and the sign-in is shown.
      if (error instanceof ApiError && error.status === 401) void client.invalidateQueries({ queryKey: ['session'] })
    })
    return () => stop.abort()
  }, [berth, client, live])

  return <LiveContext value={live}>{children}</LiveContext>
}

function takeMessage(message: LiveMessage, { state }: Live, refresher: Refresher): void {
  switch (message.kind) {
    case 'connected':
      state.setLive()
      refresher.mark(EVERYTHING)
      return
    case 'clock':
      state.setClock(message.now)
      state.setLive()
      return
    case 'pools':
      // Users receive only their own events, so changes by others are detected from the counts.
      refresher.mark(['pools', 'containers'])
      return
    case 'event':
      refresher.mark(listsChangedBy(message.event.kind))
      return
    case 'broken':
      state.setStale(message.error instanceof Error ? message.error.message : String(message.error))
      return
  }
}

/** Returns a target that dispatches "hurry" when the connection should be checked: after sleep or loss of network. */
function hurryWhenBack(signal: AbortSignal): EventTarget {
  const target = new EventTarget()
  const hurry = () => target.dispatchEvent(new globalThis.Event('hurry'))
  globalThis.addEventListener('online', hurry, { signal })
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && hurry(), { signal })
  return target
}

export function useLive(): Live {
  const live = useContext(LiveContext)
  if (!live) throw new Error('useLive is called outside LiveProvider')
  return live
}

export function useLiveStatus(): LiveStatus {
  const { state } = useLive()
  return useSyncExternalStore(state.subscribe, () => state.status)
}
