import { Link } from 'wouter'
import { StateMark } from '../../parts/state-mark.tsx'
import type { Column } from '../../parts/table/model/column.ts'
import { TimeLeft, TimeSince } from '../../parts/time-left.tsx'
import { type ContainerRow, holderText } from './container-rows.ts'

export const CONTAINER_COLUMNS: readonly Column<ContainerRow>[] = [
  {
    key: 'name',
    label: 'Container',
    sortKey: ({ name }) => name,
    width: '112px',
    cell: ({ name }) => <Link href={`/containers/${name}`}>{name}</Link>,
  },
  {
    key: 'pool',
    label: 'Pool',
    sortKey: ({ pool }) => pool,
    filter: true,
    width: '88px',
    wide: true,
    cell: ({ pool }) => pool,
  },
  {
    key: 'state',
    label: 'State',
    sortKey: ({ state }) => state,
    filter: true,
    width: '112px',
    cell: ({ state }) => <StateMark state={state} word />,
  },
  {
    key: 'since',
    label: 'For',
    // Sorts by elapsed time, so that an early "since" is a large number.
    sortKey: ({ since }) => -Date.parse(since),
    text: () => '',
    width: '84px',
    cell: ({ since }) => <TimeSince at={since} />,
  },
  {
    key: 'holder',
    label: 'Holder',
    sortKey: (row) => holderText(row) || null,
    filter: true,
    // A container with a holder seldom has a reason: its holder has the room of both.
    width: '88px',
    span: (row) => (row.error !== null ? 1 : hasEnd(row) ? 2 : 3),
    cell: Holder,
  },
  {
    key: 'error',
    label: 'Reason',
    sortKey: ({ error }) => error,
    span: (row) => (hasEnd(row) ? 1 : 2),
    cell: ({ error, state }) =>
      error !== null && (
        <span title={error} className={state === 'broken' ? 'needs-person' : undefined}>
          {error}
        </span>
      ),
  },
  {
    key: 'until',
    label: 'Time left',
    sortKey: ({ holder }) => Date.parse(holder?.expires_at ?? '') || null,
    text: () => '',
    width: '288px',
    cell: ({ holder }) => holder?.expires_at && <TimeLeft at={holder.expires_at} />,
  },
  {
    key: 'generation',
    label: 'Gen.',
    sortKey: ({ generation }) => generation,
    text: () => '',
    align: 'right',
    width: '64px',
    wide: true,
    cell: ({ generation }) => generation,
  },
  {
    key: 'attempts',
    label: 'Failures',
    sortKey: ({ attempts }) => attempts,
    text: () => '',
    align: 'right',
    width: '88px',
    wide: true,
    cell: ({ attempts }) => (attempts > 0 ? attempts : ''),
  },
]

function hasEnd({ holder }: ContainerRow): boolean {
  return Boolean(holder?.expires_at)
}

function Holder(row: ContainerRow) {
  const text = holderText(row)
  if (row.holder === null) return text && <span className="secondary">{text}</span>
  return <Link href={`/reservations/${row.holder.id}`}>{text}</Link>
}
