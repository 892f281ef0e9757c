/** Shows whether the page is live, and since when it is not. */
import { useLiveStatus } from '../live/live.tsx'
import { useNow } from '../live/clock.tsx'
import { useTimeWords } from '../settings/settings.tsx'
import { durationText, timeOfDay } from '../words/time.ts'
import styles from './live-chip.module.css'

export function LiveChip() {
  const status = useLiveStatus()
  const now = useNow()
  const words = useTimeWords()
  if (status.kind === 'connecting') return <span className={styles['chip']}>connecting …</span>
  if (status.kind === 'live') {
    return (
      <span className={styles['chip']} data-live>
        <span className={styles['dot']} aria-hidden />
        live
      </span>
    )
  }
  return (
    <span className={styles['chip']} data-stale title={status.reason}>
      not live: as of {timeOfDay(status.since, words)} ({durationText(now - status.since)} ago)
    </span>
  )
}

/** The same for screen readers, announced when the state changes instead of each second. */
export function LiveAnnouncement() {
  const status = useLiveStatus()
  const words = useTimeWords()
  const text = status.kind === 'stale' ? `Not live since ${timeOfDay(status.since, words)}` : ''
  return (
    <span role="status" className={styles['hidden']}>
      {text}
    </span>
  )
}
