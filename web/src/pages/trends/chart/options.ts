/** Options of uPlot for a model. */
import uPlot from 'uplot'
import type { TimeWords } from '../../../words/time.ts'
import type { ChartModel, Layer } from '../chart-model.ts'
import { timeAxisTexts } from '../figure-text.ts'
import { fillOf, themeColor } from './paint.ts'
import { stepPath } from './step-path.ts'
import { scaleOptions, ticksOf } from './value-axis.ts'

/** The current span and the callbacks of the chart. Read at each use, so that the chart is not created again. */
export interface ChartLink {
  from: number
  to: number
  /** Time from which figures exist; null: not known. */
  keptSince: number | null
  onZoom: (one: number, other: number) => void
  /** `index`: of the point. */
  onPick: (index: number, isTouch: boolean) => void
  /** null: the pointer has left. */
  onCursor: (index: number | null) => void
}

/** Shared by all charts of the page: the cursor is at the same time in each. */
const SYNC_KEY = 'berth-trends'
/** Drags that are shorter, in CSS pixels, are clicks. */
const MIN_DRAG_PX = 6
const FONT = '12px system-ui, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif'

export function optionsOf(
  model: ChartModel,
  size: { readonly width: number; readonly height: number },
  words: TimeWords,
  link: ChartLink,
): uPlot.Options {
  const { stack, lines } = model
  const areas = stack.toReversed()
  const axis = { stroke: () => themeColor('text-secondary'), font: FONT, ticks: { show: false } }
  const grid = { stroke: () => themeColor('line'), width: 1 }
  return {
    ...size,
    ms: 1,
    tzDate: (at) => uPlot.tzDate(new Date(at), words.timeZone),
    legend: { show: false },
    padding: [8, 8, 0, 0],
    scales: {
      x: { range: () => [link.from, link.to] },
      y: scaleOptions(model),
    },
    axes: [
      {
        ...axis,
        ...{ grid: { show: false }, size: 36, space: 64 },
        values: (_u, ticks, _axis, _space, increment) => [...timeAxisTexts(ticks, increment, words)],
      },
      {
        ...axis,
        ...{ grid, size: 56, space: 28 },
        ...ticksOf(model),
      },
    ],
    series: [{}, ...areas.map(areaOf), ...lines.map(lineOf)],
    bands: areas.slice(0, -1).map((layer, index) => ({ series: [index + 1, index + 2], fill: fillOfLayer(layer) })),
    cursor: {
      // A drag is of one chart: with all of them, each would zoom.
      sync: { key: SYNC_KEY, filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' } },
      drag: { x: true, y: false, setScale: false, dist: MIN_DRAG_PX },
      points: { show: false },
      y: false,
      dataIdx: (u, _series, closest, at) => indexAt(u, closest, at),
    },
    hooks: hooksOf(link),
  }
}

function fillOfLayer({ color, fill = 'solid' }: Layer) {
  return (u: uPlot) => fillOf(themeColor(color), fill, u.ctx) as string
}

/** The lowest area reaches down to the axis; bands fill the others. */
function areaOf(layer: Layer, index: number, areas: readonly Layer[]): uPlot.Series {
  const paths = uPlot.paths.stepped?.({ align: 1 })
  const isLowest = index === areas.length - 1
  return { ...(paths && { paths }), points: { show: false }, width: 0, ...(isLowest && { fill: fillOfLayer(layer) }) }
}

function lineOf({ color, dashed = false }: Layer): uPlot.Series {
  return {
    ...{ paths: stepPath, points: { show: false }, width: 2 },
    stroke: () => themeColor(color),
    ...(dashed && { dash: [5, 4] }),
  }
}

/** Returns the point whose step contains the time; the last column is the end of the last step. */
function indexAt(u: uPlot, closest: number, at: number): number {
  const times = u.data[0]
  const index = (times[closest] ?? 0) > at ? closest - 1 : closest
  return Math.max(0, Math.min(index, times.length - 2))
}

function hooksOf(link: ChartLink): uPlot.Hooks.Arrays {
  return {
    ready: [
      (u) =>
        u.over.addEventListener('click', (event) => {
          const { idx } = u.cursor
          const isTouch = event instanceof PointerEvent && event.pointerType !== 'mouse'
          if (typeof idx === 'number') link.onPick(idx, isTouch)
        }),
    ],
    setCursor: [
      ({ cursor, data }) => link.onCursor(data[0].length > 1 && (cursor.left ?? -1) >= 0 ? (cursor.idx ?? null) : null),
    ],
    setSelect: [
      (u) => {
        const { left, width } = u.select
        if (width <= 0) return
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
        link.onZoom(u.posToVal(left, 'x'), u.posToVal(left + width, 'x'))
      },
    ],
    drawClear: [(u) => markUnknown(u, link)],
  }
}

/** Shades the time from which no events are kept: no figures there does not mean that nothing happened. */
function markUnknown(u: uPlot, { from, to, keptSince }: ChartLink): void {
  const first = u.data[0][0] ?? keptSince
  const end = Math.min(to, Math.max(first ?? from, keptSince ?? from))
  if (keptSince === null || keptSince <= from || end <= from) return
  const { left, top, height } = u.bbox
  const { ctx } = u
  ctx.save()
  ctx.fillStyle = fillOf(themeColor('line'), 'hatched', ctx)
  ctx.globalAlpha = 0.6
  ctx.fillRect(left, top, u.valToPos(Math.min(keptSince, end), 'x', true) - left, height)
  ctx.restore()
}
