import { Link } from 'wouter'
import type { Reservation } from '../../api/types.ts'
import { LinkedText } from '../../parts/linked-text.tsx'
import type { Column } from '../../parts/table/model/column.ts'
import { ClockTime, TimeLeft, TimeUntil } from '../../parts/time-left.tsx'
import { shortNames, stateText } from '../../words/reservation-text.ts'

/** Returns the time by which the column is sorted, so that reservations that end soon come first. */
function end({ state, expires_at, ended_at, wait_until }: Reservation): string | null {
  return state === 'ended' ? ended_at : (expires_at ?? wait_until)
}

export const RESERVATION_COLUMNS: readonly Column<Reservation>[] = [
  {
    key: 'username',
    label: 'Account',
    sortKey: ({ username }) => username,
    filter: true,
    width: '104px',
    cell: ({ id, username }) => <Link href={`/reservations/${id}`}>{username}</Link>,
  },
  { key: 'name', label: 'Name', sortKey: ({ name }) => name, width: '88px', cell: ({ name }) => name },
  {
    key: 'owner',
    label: 'Owner',
    sortKey: ({ owner }) => owner,
    filter: true,
    width: '80px',
    cell: (row) => row.owner,
  },
  {
    key: 'pool',
    label: 'Pool',
    sortKey: ({ pool }) => pool,
    filter: true,
    width: '84px',
    wide: true,
    cell: ({ pool }) => pool,
  },
  { key: 'state', label: 'State', sortKey: stateText, filter: 'page', width: '104px', cell: stateText },
  {
    key: 'containers',
    label: 'Containers',
    sortKey: ({ count }) => count,
    text: ({ containers }) => containers.map(({ name }) => name).join(' '),
    cell: Containers,
  },
  {
    key: 'end',
    label: 'Time left',
    sortKey: (row) => Date.parse(end(row) ?? '') || null,
    text: () => '',
    width: '288px',
    cell: (row) => <End row={row} />,
  },
  {
    key: 'created',
    label: 'Created',
    sortKey: ({ created_at }) => Date.parse(created_at),
    text: () => '',
    width: '140px',
    wide: true,
    cell: ({ created_at }) => <ClockTime at={created_at} />,
  },
  {
    key: 'note',
    label: 'Note',
    sortKey: ({ note }) => note,
    wide: true,
    cell: ({ note }) => note !== null && <LinkedText text={note} />,
  },
]

function Containers({ containers, count, pool }: Reservation) {
  const names = containers.map(({ name }) => name)
  if (names.length === 0) {
    return (
      <span className="secondary">
        {count} of {pool} requested
      </span>
    )
  }
  return <span title={names.join(' ')}>{shortNames(names, pool)}</span>
}

function End({ row }: { readonly row: Reservation }) {
  const at = end(row)
  if (at === null) return null
  if (row.state === 'ended') return <ClockTime at={at} />
  if (row.state === 'active') return <TimeLeft at={at} />
  if (row.queue?.estimated_start) {
    return (
      <>
        expected <TimeUntil at={row.queue.estimated_start} />
      </>
    )
  }
  return <span className="secondary">{row.state === 'ending' ? 'ending …' : 'not started'}</span>
}
