import type { ReactNode } from 'react'
import type { ContainerState } from '../../parts/state-mark.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import type { ChartModel, Layer } from './chart-model.ts'
import { countText, secondsText } from './figure-text.ts'
import styles from './trends.module.css'

const STATES: readonly string[] = ['creating', 'ready', 'reserved', 'removing', 'broken', 'quarantined']

/** The legend with the figures of one point. Figures have a fixed width, so that nothing moves. */
export function TrendLegend(props: {
  readonly model: ChartModel
  readonly index: number
  /** Which step that is. */
  readonly children: ReactNode
}) {
  const { model, index, children } = props
  // As they lie on top of each other in the chart.
  const layers = [...model.lines, ...model.stack.toReversed()]
  return (
    <ul className={styles['legend']}>
      <li className={styles['step']}>{children}</li>
      {layers.map((layer) => (
        <li key={layer.key}>
          <LayerMark layer={layer} isArea={model.stack.includes(layer)} />
          {` ${layer.label} `}
          <span className={styles['figure']}>{figureText(layer, model.unit, index)}</span>
        </li>
      ))}
    </ul>
  )
}

export function figureText({ key, values }: Layer, unit: ChartModel['unit'], index: number): string {
  const value = values[index] ?? null
  if (value === null) return '–'
  return unit === 'count' || key === 'count' ? countText(value) : secondsText(value)
}

function LayerMark({ layer, isArea }: { readonly layer: Layer; readonly isArea: boolean }) {
  const { key, color, fill, dashed = false } = layer
  if (STATES.includes(key)) return <StateMark state={key as ContainerState} />
  const paint = `var(--${color})`
  return (
    <svg width="14" height="12" viewBox="0 0 14 12" aria-hidden className={styles['mark']}>
      {isArea ? (
        <rect
          {...{ x: 1, y: 1, width: 12, height: 10, stroke: paint, strokeWidth: 1.5 }}
          fill={paint}
          fillOpacity={fill === 'solid' ? 1 : 0.4}
        />
      ) : (
        <path d="M0 6H14" stroke={paint} strokeWidth="2" strokeDasharray={dashed ? '4 3' : undefined} />
      )}
    </svg>
  )
}
