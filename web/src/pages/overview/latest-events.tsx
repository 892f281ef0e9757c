import { memo } from 'react'
import type { Event } from '../../api/types.ts'
import { useTimeWords } from '../../settings/settings.tsx'
import { eventText } from '../../words/event-text.ts'
import { exactText, timeOfDay } from '../../words/time.ts'
import styles from './overview.module.css'

export function LatestEvents({ events }: { readonly events: readonly Event[] }) {
  if (events.length === 0) return <p className="secondary">No events yet.</p>
  return (
    <ol className={styles['events']}>
      {events.map((event, nth) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines stay where they are and get another text, nothing moves
        <Line key={nth} event={event} />
      ))}
    </ol>
  )
}

const Line = memo(({ event }: { readonly event: Event }) => {
  const words = useTimeWords()
  const at = Date.parse(event.at)
  const text = eventText(event, words)
  return (
    <li>
      <time dateTime={event.at} title={exactText(at, words)} className="secondary">
        {timeOfDay(at, words)}
      </time>
      <span title={text}>{text}</span>
    </li>
  )
})
