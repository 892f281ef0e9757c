/** What a person has chosen in this browser: colour scheme, time zone, single-letter keys. */
import { useLocalStorage } from '@mantine/hooks'
import { useMemo } from 'react'
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

/** Returns in which zone and language times are shown: those of the browser, or UTC. */
export function useTimeWords(): TimeWords {
  const [utc] = useUtc()
  // Reading the time zone of the browser is slow.
  return useMemo(() => {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
    return { timeZone: utc ? 'UTC' : timeZone, locale: navigator.language }
  }, [utc])
}
