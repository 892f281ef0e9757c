/** What a person has chosen in this browser: colour scheme, time zone, single-letter keys. */
import { useLocalStorage } from '@mantine/hooks'
import { createContext, type ReactNode, useContext, useMemo } from 'react'
import type { TimeWords } from '../words/time.ts'

/** Stays false in browsers in which the person switched single letters off (WCAG 2.1.4). */
export function useSingleKeys(): readonly [boolean, (on: boolean) => void] {
  const [on, setOn] = useLocalStorage({ key: 'berth-single-keys', defaultValue: true, getInitialValueInEffect: false })
  return [on, setOn]
}

export function useUtc(): readonly [boolean, (on: boolean) => void] {
  const [on, setOn] = useLocalStorage({ key: 'berth-utc', defaultValue: false, getInitialValueInEffect: false })
  return [on, setOn]
}

const TimeWordsContext = createContext<TimeWords | null>(null)

/** Keeps one set of formatters for all times of the page. */
export function TimeWordsProvider({ children }: { readonly children: ReactNode }) {
  const [utc] = useUtc()
  const words = useMemo(() => {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
    return { timeZone: utc ? 'UTC' : timeZone, locale: navigator.language, formatters: new Map() }
  }, [utc])
  return <TimeWordsContext value={words}>{children}</TimeWordsContext>
}

/** Returns in which zone and language times are shown: those of the browser, or UTC. */
export function useTimeWords(): TimeWords {
  const words = useContext(TimeWordsContext)
  if (!words) throw new Error('useTimeWords is called outside TimeWordsProvider')
  return words
}
