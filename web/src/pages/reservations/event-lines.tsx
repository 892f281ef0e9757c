import { eventText } from '../../words/event-text.ts'
import type { Event } from '../../api/types.ts'
import { ExactTime } from '../../parts/time-left.tsx'
import { useTimeWords } from '../../settings/settings.tsx'
import styles from './reservations.module.css'

/** Events in words, latest first. */
export function EventLines({ events }: { readonly events: readonly Event[] }) {
  const words = useTimeWords()
  return (
    <ol className={styles['events']}>
      {events.toReversed().map((event) => (
        <li key={event.id}>
          <span className="secondary">
            <ExactTime at={event.at} />
          </span>{' '}
          {eventText(event, words)}
        </li>
      ))}
    </ol>
  )
}
