import { Suspense, useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { Series } from '../../api/types.ts'
import { lazyPart } from '../../loading/lazy-part.ts'
import { useTimeWords } from '../../settings/settings.tsx'
import { type ChartModel, columnsOf } from './chart-model.ts'
import { stepText } from './figure-text.ts'
import { TrendLegend } from './trend-legend.tsx'
import { TrendTable } from './trend-table.tsx'
import { eventsPath } from './trends-query.ts'
import styles from './trends.module.css'

const TimeChart = lazyPart(async () => (await import('./chart/time-chart.tsx')).TimeChart)

/** Heights of the drawing in CSS pixels; reserved while it is loaded. */
const HEIGHTS = { large: 260, small: 180 } as const

interface TrendFigureProps {
  readonly model: ChartModel
  readonly series: Series
  readonly pool: string | null
  readonly onZoom: (one: number, other: number) => void
}

/** One chart: its sentence, its legend with the figures at the cursor, the drawing, and the table. */
export function TrendFigure({ model, series, pool, onZoom }: TrendFigureProps) {
  const [index, setIndex] = useState<number | null>(null)
  const [picked, setPicked] = useState<number | null>(null)
  const [, navigate] = useLocation()
  const words = useTimeWords()
  const columns = useMemo(() => columnsOf(series, model), [series, model])
  const { id, title, summary, empty } = model
  const height = id === 'occupancy' ? HEIGHTS.large : HEIGHTS.small
  const stepMs = series.step_seconds * 1_000
  const timesOf = (point: number) => Date.parse(series.points[point]?.at ?? series.to)
  // Otherwise the latest step.
  const shown = index ?? picked ?? series.points.length - 1
  const pick = (point: number, isTouch: boolean) => {
    // A finger that only wants to see the figures must not leave the page.
    if (isTouch) setPicked(point)
    else navigate(eventsPath(timesOf(point), stepMs, pool))
  }
  return (
    <section className={styles['panel']} data-large={id === 'occupancy' || undefined} aria-labelledby={`trend-${id}`}>
      <h2 id={`trend-${id}`}>{title}</h2>
      <p className={styles['summary']}>{empty ?? summary}</p>
      {empty === null && (
        <TrendLegend model={model} index={shown}>
          {stepText(timesOf(shown), stepMs, Date.parse(series.to), words)}{' '}
          {picked !== null && index === null && <Link href={eventsPath(timesOf(picked), stepMs, pool)}>events</Link>}
        </TrendLegend>
      )}
      <div className={styles['drawing']} style={{ height }}>
        {empty === null && (
          <Suspense fallback={<output className="secondary">Loading the chart …</output>}>
            <TimeChart
              {...{ model, columns, height, words, onZoom }}
              from={Date.parse(series.from)}
              to={Date.parse(series.to)}
              keptSince={series.kept_since === null ? null : Date.parse(series.kept_since)}
              onPick={pick}
              onCursor={setIndex}
            />
          </Suspense>
        )}
      </div>
      {empty === null && <TrendTable {...{ model, series, pool }} />}
    </section>
  )
}
