import { Link } from 'wouter'
import type { Reservation, Token } from '../../api/types.ts'
import type { Column } from '../../parts/table/model/column.ts'
import { ClockTime, TimeLeft } from '../../parts/time-left.tsx'
import { limitsText } from './token-text.ts'

export function tokenColumns(reservations: readonly Reservation[]): readonly Column<Token>[] {
  const open = Map.groupBy(reservations, ({ owner }) => owner)
  const count = ({ name }: Token) => open.get(name)?.length ?? 0
  return [
    { key: 'name', label: 'Name', sortKey: ({ name }) => name, cell: ({ name }) => <span title={name}>{name}</span> },
    { key: 'role', label: 'Role', sortKey: ({ role }) => role, filter: true, width: '64px', cell: ({ role }) => role },
    {
      key: 'id',
      label: 'ID',
      sortKey: ({ id }) => id,
      width: '136px',
      wide: 'medium',
      cell: ({ id }) => <code>{id}</code>,
    },
    {
      key: 'limits',
      label: 'Limits',
      sortKey: ({ limits }) => limitsText(limits),
      cell: ({ limits }) => limitsText(limits),
    },
    {
      key: 'reservations',
      label: 'Reservations',
      sortKey: count,
      text: () => '',
      align: 'right',
      width: '108px',
      cell: (token) => {
        const found = count(token)
        if (found === 0) return '0'
        return <Link href={`/reservations?owner=${encodeURIComponent(token.name)}`}>{found}</Link>
      },
    },
    {
      key: 'created',
      label: 'Created',
      sortKey: ({ created_at: at }) => Date.parse(at),
      text: () => '',
      width: '136px',
      wide: 'medium',
      cell: ({ created_at: at }) => <ClockTime at={at} />,
    },
    {
      key: 'used',
      label: 'Last used',
      sortKey: ({ last_used_at: at }) => Date.parse(at ?? '') || null,
      text: () => '',
      width: '136px',
      cell: ({ last_used_at: at }) => (at === null ? 'never' : <ClockTime at={at} />),
    },
    {
      key: 'expires',
      label: 'Expires',
      sortKey: ({ expires_at: at }) => Date.parse(at ?? '') || null,
      text: () => '',
      width: '96px',
      cell: ({ expires_at: at }) => (at === null ? 'never' : <TimeLeft at={at} withEnd={false} passed="expired" />),
    },
  ]
}
