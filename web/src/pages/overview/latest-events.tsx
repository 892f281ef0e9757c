import type { Event } from '../../api/types.ts'
import { useTimeWords } from '../../settings/settings.tsx'
import { eventText } from '../../words/event-text.ts'
import { exactText, timeOfDay } from '../../words/time.ts'
import styles from './overview.module.css'

export function LatestEvents({ events }: { readonly events: readonly Event[] }) {
  const words = useTimeWords()
  if (events.length === 0) return <p className="secondary">Nothing has happened yet.</p>
  return (
    <ol className={styles['events']}>
      {events.map((event) => (
        <li key={event.id}>
          <time dateTime={event.at} title={exactText(Date.parse(event.at), words)} className="secondary">
            {timeOfDay(Date.parse(event.at), words)}
          </time>
          <span title={eventText(event, words)}>{eventText(event, words)}</span>
        </li>
      ))}
    </ol>
  )
}
