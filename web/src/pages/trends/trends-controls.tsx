import { Button, NativeSelect, SegmentedControl } from '@mantine/core'
import { useSearchParams } from 'wouter'
import { usePools } from '../../api/lists.ts'
import type { Series } from '../../api/types.ts'
import { useLive } from '../../live/live.tsx'
import { endsNow, moved, RANGES, rangeOf, readTrendsQuery, type Span, widened, withSpan } from './trends-query.ts'
import styles from './trends.module.css'

const ZOOMED = 'zoomed'

/** Chooses pool and span. Everything is in the URL, so that a link shows the same and the back button works. */
export function TrendsControls({ series }: { readonly series: Series | undefined }) {
  const [params, setParams] = useSearchParams()
  const query = readTrendsQuery(params)
  const { data: pools = [] } = usePools()
  const names = [...new Set([...pools.map(({ name }) => name), ...(query.pool === null ? [] : [query.pool])])]
  const { state } = useLive()
  const range = rangeOf(query)
  const span = series && { from: Date.parse(series.from), to: Date.parse(series.to) }
  const show = ({ from, to }: Span) =>
    setParams((before) => withSpan(before, { from: new Date(from).toISOString(), to: new Date(to).toISOString() }))
  const choosePool = (name: string) =>
    setParams((before) => {
      const next = new URLSearchParams(before)
      if (name === '') next.delete('pool')
      else next.set('pool', name)
      return next
    })
  const ranges = RANGES.map(({ from, label }) => ({ value: from, label }))
  return (
    <div className={styles['controls']}>
      <NativeSelect
        aria-label="Pool"
        value={query.pool ?? ''}
        onChange={(event) => choosePool(event.currentTarget.value)}
        data={[{ value: '', label: 'All pools' }, ...names.map((name) => ({ value: name, label: name }))]}
      />
      <SegmentedControl
        aria-label="Span"
        size="xs"
        value={range?.from ?? ZOOMED}
        onChange={(from) => from !== ZOOMED && setParams((before) => withSpan(before, { from, to: null }))}
        data={range ? ranges : [...ranges, { value: ZOOMED, label: 'zoomed' }]}
      />
      <div className={styles['moves']}>
        <Button disabled={!span} onClick={() => span && show(moved(span, -1, span.to))}>
          Earlier
        </Button>
        <Button disabled={!span || endsNow(query)} onClick={() => span && show(moved(span, 1, state.now()))}>
          Later
        </Button>
        <Button disabled={!span} onClick={() => span && show(widened(span, state.now()))}>
          Zoom out
        </Button>
      </div>
    </div>
  )
}
