import { Link } from 'wouter'
import type { Event } from '../../api/types.ts'
import type { Column } from '../../parts/table/model/column.ts'
import { ExactTime } from '../../parts/time-left.tsx'
import { eventText } from '../../words/event-text.ts'
import type { TimeWords } from '../../words/time.ts'

export function eventColumns(words: TimeWords): readonly Column<Event>[] {
  return [
    {
      key: 'at',
      label: 'Time',
      sortKey: ({ id }) => id,
      text: ({ at }) => at,
      width: '200px',
      cell: ({ at }) => <ExactTime at={at} />,
    },
    {
      key: 'what',
      label: 'Event',
      sortKey: (event) => eventText(event, words),
      cell: (event) => <span title={eventText(event, words)}>{eventText(event, words)}</span>,
    },
    { key: 'by', label: 'By', sortKey: ({ by }) => by, filter: true, width: '104px', cell: ({ by }) => by },
    {
      key: 'kind',
      label: 'Kind',
      sortKey: ({ kind }) => kind,
      filter: 'page',
      width: '200px',
      wide: true,
      cell: ({ kind }) => <code>{kind}</code>,
    },
    {
      key: 'container',
      label: 'Container',
      sortKey: ({ container }) => container,
      filter: 'page',
      width: '144px',
      cell: ({ container }) => container !== null && <Link href={`/containers/${container}`}>{container}</Link>,
    },
    {
      key: 'reservation',
      label: 'Reservation',
      sortKey: ({ username }) => username,
      text: ({ username, owner, reservation }) => [username, owner, reservation].filter(Boolean).join(' '),
      filter: 'page',
      width: '112px',
      cell: ({ reservation, username }) =>
        reservation !== null && (
          <Link href={`/reservations/${reservation}`}>{username ?? reservation.slice(0, 8)}</Link>
        ),
    },
    {
      key: 'pool',
      label: 'Pool',
      sortKey: ({ pool }) => pool,
      filter: 'page',
      width: '88px',
      wide: true,
      cell: ({ pool }) => pool,
    },
  ]
}
