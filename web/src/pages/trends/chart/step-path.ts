import type uPlot from 'uplot'

/** Draws each value as a level line over its step; a missing value leaves a gap, also beside a single value. */
export function stepPath(u: uPlot, seriesIndex: number, first: number, last: number): uPlot.Series.Paths {
  const stroke = new Path2D()
  const times = u.data[0]
  const values = u.data[seriesIndex] ?? []
  let isOpen = false
  for (let index = first; index <= last; index += 1) {
    const value = values[index] ?? null
    const begin = times[index] ?? 0
    const end = times[index + 1]
    if (value === null || end === undefined) {
      isOpen = false
      continue
    }
    // A logarithmic scale has no 0.
    const y = u.valToPos(Math.max(value, u.scales['y']?.min ?? 0), 'y', true)
    if (isOpen) stroke.lineTo(u.valToPos(begin, 'x', true), y)
    else stroke.moveTo(u.valToPos(begin, 'x', true), y)
    stroke.lineTo(u.valToPos(end, 'x', true), y)
    isOpen = true
  }
  return { stroke, fill: null, clip: null, band: null, gaps: [], flags: 0 }
}
