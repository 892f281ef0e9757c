/** The manager's time in components, which all render in the same tick. */
import { createContext, type ReactNode, useContext, useSyncExternalStore, useState } from 'react'
import { useLive } from './live.tsx'

const TICK_MS = 1_000

class Ticker {
  #now: number
  readonly #listeners = new Set<() => void>()
  #timer: ReturnType<typeof setInterval> | undefined
  readonly #clock: () => number

  constructor(clock: () => number) {
    this.#clock = clock
    this.#now = clock()
  }

  readonly now = (): number => this.#now

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    if (this.#timer === undefined) {
      // The time stands still while no component is subscribed. React reads it again after subscribing.
      this.#now = this.#clock()
      this.#timer = setInterval(() => this.#tick(), TICK_MS)
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  #tick(): void {
    this.#now = this.#clock()
    for (const listener of this.#listeners) listener()
  }
}

const ClockContext = createContext<Ticker | null>(null)

export function ClockProvider({ children }: { readonly children: ReactNode }) {
  const { state } = useLive()
  const [ticker] = useState(() => new Ticker(state.now))
  return <ClockContext value={ticker}>{children}</ClockContext>
}

/**
 * Returns the manager's time in epoch milliseconds, and renders the component again each second. With `stepMs`, the
 * time is rounded down to a multiple of it, and the component renders when that changes.
 */
export function useNow(stepMs?: number): number {
  const ticker = useContext(ClockContext)
  if (!ticker) throw new Error('useNow is called outside ClockProvider')
  const snapshot = stepMs === undefined ? ticker.now : () => Math.floor(ticker.now() / stepMs) * stepMs
  return useSyncExternalStore(ticker.subscribe, snapshot)
}

/** Returns a function that returns the manager's time, for event handlers. */
export function useClock(): () => number {
  const { state } = useLive()
  return state.now
}
