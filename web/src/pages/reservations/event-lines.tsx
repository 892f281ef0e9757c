import type { Event } from '../../api/types.ts'
import { useNow } from '../../live/clock.tsx'
import { useTimeWords } from '../../settings/settings.tsx'
import { eventText } from '../../words/event-text.ts'
import { clockText, exactText, timeOfDay } from '../../words/time.ts'
import styles from './reservations.module.css'

/** Younger events are shown without a date, also across midnight. */
const DATE_AFTER_MS = 12 * 3_600_000

/** Events in words, latest first. */
export function EventLines({ events }: { readonly events: readonly Event[] }) {
  const words = useTimeWords()
  const now = useNow(60_000)
  const timeText = (at: number) => (now - at < DATE_AFTER_MS ? timeOfDay(at, words) : clockText(at, now, words))
  return (
    <ol className={styles['events']}>
      {events.toReversed().map((event, nth) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a new event changes the text of all lines, and moves none
        <li key={nth}>
          <time dateTime={event.at} title={exactText(Date.parse(event.at), words)} className="secondary">
            {timeText(Date.parse(event.at))}
          </time>
          <span>{eventText(event, words)}</span>
        </li>
      ))}
    </ol>
  )
}
