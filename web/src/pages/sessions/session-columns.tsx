import type { OpenSession } from '../../api/session.ts'
import type { Column } from '../../parts/table/model/column.ts'
import { ClockTime, TimeLeft } from '../../parts/time-left.tsx'
import { browserText } from './browser-text.ts'

export const SESSION_COLUMNS: readonly Column<OpenSession>[] = [
  {
    key: 'identity',
    label: 'Identity',
    sortKey: ({ identity }) => identity,
    filter: true,
    cell: ({ identity, current }) => (
      <span title={identity}>
        {identity}
        {current && <strong> · this browser</strong>}
      </span>
    ),
  },
  {
    key: 'role',
    label: 'Role',
    sortKey: ({ role }) => role,
    filter: true,
    width: '72px',
    wide: true,
    cell: ({ role }) => role,
  },
  {
    key: 'way',
    label: 'Signed in with',
    sortKey: ({ way, token }) => token ?? way,
    width: '156px',
    cell: ({ way, token }) =>
      way === 'token' ? <>token {token !== null && <code>{token}</code>}</> : 'identity provider',
  },
  {
    key: 'browser',
    label: 'Browser',
    sortKey: (row) => browserText(row.user_agent),
    text: (row) => `${browserText(row.user_agent)} ${row.user_agent}`,
    width: '136px',
    cell: (row) => <span title={row.user_agent}>{browserText(row.user_agent)}</span>,
  },
  {
    key: 'address',
    label: 'Address',
    sortKey: ({ address }) => address,
    width: '112px',
    cell: ({ address }) => address,
  },
  {
    key: 'used',
    label: 'Last used',
    sortKey: ({ last_used_at: at }) => Date.parse(at),
    text: () => '',
    width: '136px',
    cell: ({ last_used_at: at }) => <ClockTime at={at} />,
  },
  {
    key: 'created',
    label: 'Started',
    sortKey: ({ created_at: at }) => Date.parse(at),
    text: () => '',
    width: '136px',
    wide: 'medium',
    cell: ({ created_at: at }) => <ClockTime at={at} />,
  },
  {
    key: 'ends',
    label: 'Ends within',
    sortKey: ({ ends_at: at }) => Date.parse(at),
    text: () => '',
    width: '104px',
    wide: 'medium',
    cell: ({ ends_at: at }) => <TimeLeft at={at} withEnd={false} passed="ended" />,
  },
]
