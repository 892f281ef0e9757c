import { Button, NativeSelect, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useSearchParams } from 'wouter'
import { answerOf } from '../../../../src/client/client.ts'
import { useBerth } from '../../api/berth.tsx'
import { useMe } from '../../api/lists.ts'
import type { Usage } from '../../api/types.ts'
import { Loading, Page } from '../../parts/page.tsx'
import { DataTable } from '../../parts/table/data-table.tsx'
import { useTable } from '../../parts/table/use-table.ts'
import { ExactTime } from '../../parts/time-left.tsx'
import { usageColumns, type UsageRow } from './usage-columns.tsx'
import { csvPath, GROUPING_WORDS, GROUPINGS, hours, RANGES, readUsageQuery } from './usage-query.ts'
import styles from './usage.module.css'

export function UsagePage() {
  const [params, setParams] = useSearchParams()
  const [openedAt, setOpenedAt] = useState(() => Date.now())
  const query = readUsageQuery(params, openedAt)
  const { by, fromText, from, to } = query
  const berth = useBerth()
  const { data: me } = useMe()
  const usage = useQuery({
    queryKey: ['usage', by, from, to],
    queryFn: ({ signal }) => answerOf(berth.GET('/v1/usage', { params: { query: { by, from, to } }, signal })),
  })
  const set = (key: string, value: string) =>
    setParams((before) => {
      const next = new URLSearchParams(before)
      next.set(key, value)
      if (key === 'from') next.delete('to')
      return next
    })
  const ranges = RANGES.map(({ from: value, label }) => ({ value, label }))
  const isOther = params.has('to') || !RANGES.some((one) => one.from === fromText)
  return (
    <Page
      title="Usage"
      actions={
        <>
          <Button onClick={() => setOpenedAt(Date.now())}>Refresh</Button>
          <Button component="a" href={csvPath(query)} download>
            CSV
          </Button>
        </>
      }
    >
      {me?.role === 'user' && <p className="secondary">Only your own usage. Admins see the usage of all owners.</p>}
      <div className={styles['choices']}>
        <NativeSelect
          label="Group by"
          value={by}
          onChange={(event) => set('by', event.currentTarget.value)}
          data={GROUPINGS.map((value) => ({ value, label: GROUPING_WORDS[value] }))}
        />
        <SegmentedControl
          aria-label="Span"
          size="xs"
          value={isOther ? 'other' : fromText}
          onChange={(value) => value !== 'other' && set('from', value)}
          data={isOther ? [...ranges, { value: 'other', label: 'custom' }] : ranges}
        />
      </div>
      <p className="secondary">
        <ExactTime at={from} /> to <ExactTime at={to} />
      </p>
      <Loading of={usage} what="the usage">
        {(found) => <Figures key={by} usage={found} />}
      </Loading>
    </Page>
  )
}

function Figures({ usage }: { readonly usage: Usage }) {
  const { by, rows } = usage
  const columns = useMemo(() => usageColumns(by), [by])
  const table = useTable<UsageRow>({ rows, columns, idOf })
  const minutes = rows.reduce((sum, row) => sum + row.container_minutes, 0)
  return (
    <>
      <p className={styles['total']}>{hours(minutes)} container-hours</p>
      <DataTable
        table={table}
        label="Usage"
        noun={{ one: 'row', many: 'rows' }}
        nameOf={idOf}
        empty={<p>Nothing was reserved in that time.</p>}
      />
    </>
  )
}

function idOf({ key }: UsageRow): string {
  return key
}
