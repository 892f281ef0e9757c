import { memo, useState } from 'react'
import { Link } from 'wouter'
import type { Series } from '../../api/types.ts'
import { useTimeWords } from '../../settings/settings.tsx'
import type { ChartModel } from './chart-model.ts'
import { stepText } from './figure-text.ts'
import { figureText } from './trend-legend.tsx'
import { eventsPath } from './trends-query.ts'
import styles from './trends.module.css'

/** The figures of a chart as text, for reading and for screen readers. Each step leads to its events. */
export function TrendTable(props: {
  readonly model: ChartModel
  readonly series: Series
  readonly pool: string | null
}) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details className={styles['details']} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Table</summary>
      {isOpen && <Rows {...props} />}
    </details>
  )
}

const Rows = memo(function Rows(props: {
  readonly model: ChartModel
  readonly series: Series
  readonly pool: string | null
}) {
  const { model, series, pool } = props
  const words = useTimeWords()
  const columns = [...model.stack, ...model.lines, ...model.more]
  const stepMs = series.step_seconds * 1_000
  const now = Date.parse(series.to)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolled with the arrow keys
    <section className={styles['scroll']} tabIndex={0} aria-label={`${model.title}: figures`}>
      <table className={styles['table']}>
        <caption>{`${model.title}, latest first`}</caption>
        <thead>
          <tr>
            <th scope="col">step</th>
            {columns.map(({ key, label }) => (
              <th key={key} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {series.points
            .map(({ at }, index) => (
              <tr key={at}>
                <th scope="row">
                  <Link href={eventsPath(Date.parse(at), stepMs, pool)} title="Events of this step">
                    {stepText(Date.parse(at), stepMs, now, words)}
                  </Link>
                </th>
                {columns.map((layer) => (
                  <td key={layer.key}>{figureText(layer, model.unit, index)}</td>
                ))}
              </tr>
            ))
            .toReversed()}
        </tbody>
      </table>
    </section>
  )
})
