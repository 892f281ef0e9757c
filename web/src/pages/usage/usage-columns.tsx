import { Link } from 'wouter'
import type { Usage } from '../../api/types.ts'
import type { Column } from '../../parts/table/model/column.ts'
import { durationText } from '../../words/time.ts'
import { type Grouping, GROUPING_WORDS, hours } from './usage-query.ts'

export type UsageRow = Usage['rows'][number]

export function usageColumns(by: Grouping): readonly Column<UsageRow>[] {
  const name = GROUPING_WORDS[by]
  const number = { text: () => '', align: 'right' } as const
  return [
    {
      key: 'key',
      label: name.charAt(0).toUpperCase() + name.slice(1),
      sortKey: ({ key }) => key,
      cell: ({ key }) => <Key by={by} value={key} />,
    },
    {
      key: 'reservations',
      label: 'Reservations',
      sortKey: (row) => row.reservations,
      cell: (row) => row.reservations.toLocaleString(),
      ...number,
    },
    {
      key: 'hours',
      label: 'Container-hours',
      sortKey: (row) => row.container_minutes,
      cell: (row) => hours(row.container_minutes),
      ...number,
    },
    {
      key: 'waits',
      label: 'Waited',
      sortKey: ({ waits }) => waits,
      cell: ({ waits }) => waits.toLocaleString(),
      ...number,
    },
    {
      key: 'wait',
      label: 'Mean wait',
      sortKey: meanWait,
      cell: (row) => {
        const mean = meanWait(row)
        return mean === null ? '' : durationText(mean * 1_000)
      },
      ...number,
    },
  ]
}

function meanWait({ waits, wait_seconds: seconds }: UsageRow): number | null {
  return waits === 0 ? null : seconds / waits
}

function Key({ by, value }: { readonly by: Grouping; readonly value: string }) {
  if (by === 'pool') return <Link href={`/pools/${value}`}>{value}</Link>
  const filter = { user: 'owner', username: 'username', day: null }[by]
  if (filter === null) return value
  return <Link href={`/reservations?state=all&${filter}=${encodeURIComponent(value)}`}>{value}</Link>
}
