import { Button } from '@mantine/core'
import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'wouter'
import type { Series } from '../../api/types.ts'
import { useLive, useLiveStatus } from '../../live/live.tsx'
import { Loading, Page } from '../../parts/page.tsx'
import { useTimeWords } from '../../settings/settings.tsx'
import { clockText, exactText, timeOfDay } from '../../words/time.ts'
import { stepLengthText, stepText } from './figure-text.ts'
import { modelsOf } from './models.ts'
import { TrendFigure } from './trend-figure.tsx'
import { TrendsControls } from './trends-controls.tsx'
import { csvPath, endsNow, readTrendsQuery, type TrendsQuery, withSpan, zoomed } from './trends-query.ts'
import styles from './trends.module.css'
import { useSeries } from './use-series.ts'

export function TrendsPage() {
  const [params] = useSearchParams()
  const query = readTrendsQuery(params)
  const series = useSeries(query)
  return (
    <Page
      title="Trends"
      actions={
        <Button component="a" href={csvPath(query)} download>
          CSV
        </Button>
      }
    >
      <TrendsControls series={series.data} />
      <Loading of={series} what="the figures">
        {(data) => (
          <div aria-busy={series.isPlaceholderData} className={styles['figures']}>
            <SpanText series={data} query={query} />
            <Figures series={data} pool={query.pool} />
          </div>
        )}
      </Loading>
    </Page>
  )
}

/** Which span is shown, in which steps, whether it is updated, and why its beginning may be empty. */
function SpanText(props: { readonly series: Series; readonly query: TrendsQuery }) {
  const { series, query } = props
  const words = useTimeWords()
  const { state } = useLive()
  const isLive = useLiveStatus().kind === 'live'
  const { from, to, step_seconds, kept_since } = series
  const isMoving = endsNow(query)
  const startsLate = kept_since !== null && kept_since > from
  return (
    <p className={styles['span']}>
      {clockText(Date.parse(from), Date.parse(to), words)} to{' '}
      {isMoving ? 'now' : clockText(Date.parse(to), state.now(), words)} ({words.timeZone}), in steps of{' '}
      {stepLengthText(step_seconds)}.{' '}
      {isMoving && (isLive ? 'Updates while this page is open.' : `As of ${timeOfDay(Date.parse(to), words)}.`)}
      {startsLate && (
        <>
          {' '}
          <strong>No data before {exactText(Date.parse(kept_since), words)}</strong>: the record of events begins there.{' '}
          <code>keep</code> in berth.yml limits how long events are kept.
        </>
      )}
      {kept_since === null && ' No data yet.'}
    </p>
  )
}

function Figures({ series, pool }: { readonly series: Series; readonly pool: string | null }) {
  const [, setParams] = useSearchParams()
  const words = useTimeWords()
  const { timeZone, locale } = words
  const models = useMemo(() => {
    const stepMs = series.step_seconds * 1_000
    return modelsOf(series, (at) => stepText(at, stepMs, Date.parse(series.to), { timeZone, locale }))
  }, [series, timeZone, locale])
  const zoom = useCallback(
    (one: number, other: number) => {
      const { from, to } = zoomed(one, other, Date.parse(series.to))
      setParams((before) => withSpan(before, { from: new Date(from).toISOString(), to: new Date(to).toISOString() }))
    },
    [series.to, setParams],
  )
  return (
    <>
      <p className="secondary">Drag across a chart to zoom. Click a point to see the events of its step.</p>
      <div className={styles['grid']}>
        {models.map((model) => (
          <TrendFigure key={model.id} {...{ model, series, pool }} onZoom={zoom} />
        ))}
      </div>
    </>
  )
}
