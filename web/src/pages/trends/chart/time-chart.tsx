/** A chart of a model, drawn by uPlot. Loaded when there is something to draw. */
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useLayoutEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { TimeWords } from '../../../words/time.ts'
import type { ChartColumns, ChartModel } from '../chart-model.ts'
import { type ChartLink, optionsOf } from './options.ts'

export interface TimeChartProps extends Readonly<ChartLink> {
  readonly model: ChartModel
  readonly columns: ChartColumns
  /** CSS pixels. */
  readonly height: number
  readonly words: TimeWords
}

export function TimeChart({ model, columns, height, words, ...link }: TimeChartProps) {
  const scheme = useComputedColorScheme('light')
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(null)
  const current = useRef<ChartLink>({ ...link })
  const data = dataOf(columns)
  const latest = useRef({ model, data })
  // In a layout effect, so that what the chart reads is never older than what it shows.
  useLayoutEffect(() => {
    Object.assign(current.current, link)
    latest.current = { model, data }
  })

  const layers = JSON.stringify([model.scale, ...[model.stack, model.lines].map((list) => list.map(({ key }) => key))])
  const { timeZone, locale } = words
  // biome-ignore lint/correctness/useExhaustiveDependencies: another colour scheme or other layers need another chart
  useEffect(() => {
    const element = place.current
    if (!element) return
    const size = { width: element.clientWidth, height }
    const made = new uPlot(
      optionsOf(latest.current.model, size, { timeZone, locale }, current.current),
      latest.current.data,
      element,
    )
    chart.current = made
    const resize = new ResizeObserver(() => {
      if (element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height })
    })
    resize.observe(element)
    return () => {
      resize.disconnect()
      made.destroy()
      chart.current = null
    }
  }, [layers, scheme, timeZone, locale, height])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the same columns are the same data
  useEffect(() => {
    chart.current?.setData(data)
  }, [columns, link.from, link.to])

  return <div ref={place} aria-hidden />
}

function dataOf({ times, sums, lines }: ChartColumns): uPlot.AlignedData {
  return [[...times], ...sums.map((values) => [...values]), ...lines.map((values) => [...values])]
}
