/** Colours of the theme, and the patterns of areas, for a canvas. */
import type { ColorName, Fill } from '../chart-model.ts'

/** Reads a colour of theme/states.css as it is in the present colour scheme. */
export function themeColor(name: ColorName | 'page' | 'line' | 'text-secondary'): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}

/** Side of a pattern's tile in CSS pixels. */
const TILE_PX = 8
/** Opacity of the ground of patterns, so that thin areas are visible, too. */
const GROUND = 0.45
/** Opacity of free containers, which should not stand out. */
const FAINT = 0.14

export function fillOf(color: string, fill: Fill, context: CanvasRenderingContext2D): string | CanvasPattern {
  if (fill === 'solid') return color
  const tile = document.createElement('canvas')
  const size = TILE_PX * devicePixelRatio
  tile.width = size
  tile.height = size
  const pen = tile.getContext('2d')
  if (!pen) return color
  pen.fillStyle = color
  pen.strokeStyle = color
  pen.globalAlpha = fill === 'faint' ? FAINT : GROUND
  pen.fillRect(0, 0, size, size)
  pen.globalAlpha = 1
  pen.lineWidth = 1.5 * devicePixelRatio
  if (fill === 'hatched' || fill === 'crossed') diagonals(pen, size)
  if (fill === 'crossed') {
    pen.setTransform(-1, 0, 0, 1, size, 0)
    diagonals(pen, size)
  }
  if (fill === 'dotted') {
    pen.arc(size / 2, size / 2, size / 5, 0, 2 * Math.PI)
    pen.fill()
  }
  return context.createPattern(tile, 'repeat') ?? color
}

/** Continues in the next tile. */
function diagonals(pen: CanvasRenderingContext2D, size: number): void {
  pen.beginPath()
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size)
    pen.lineTo(shift + size, 0)
  }
  pen.stroke()
}
