/** Which rows of a long table are in the document: those in the window, and the one that has the focus. */
import { defaultRangeExtractor, useWindowVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useLayoutEffect, useState } from 'react'

/** Tables up to this many rows are in the document as a whole, so that the browser can search in them. */
const MAX_UNVIRTUALIZED_ROWS = 100
const OVERSCAN_ROWS = 12
/** Height before a row is measured: that of a row, or of a card on a narrow screen. */
const ESTIMATE_PX = { row: 29, card: 180 }

type Piece = { readonly kind: 'row'; readonly index: number } | { readonly kind: 'gap'; readonly height: number }

export interface VirtualRows {
  readonly pieces: readonly Piece[]
  /** Ref of each row. null if all rows are in the document. */
  readonly measure: ((element: Element | null) => void) | null
}

export function useVirtualRows(
  count: number,
  { active, narrow, body }: { active: number; narrow: boolean; body: RefObject<HTMLElement | null> },
): VirtualRows {
  const isLong = count > MAX_UNVIRTUALIZED_ROWS
  const [top, setTop] = useState(0)
  useLayoutEffect(() => {
    const now = body.current?.getBoundingClientRect().top
    if (isLong && now !== undefined) setTop(Math.round(now + window.scrollY))
  }, [isLong, body])
  const virtualizer = useWindowVirtualizer({
    count: isLong ? count : 0,
    estimateSize: () => (narrow ? ESTIMATE_PX.card : ESTIMATE_PX.row),
    overscan: OVERSCAN_ROWS,
    scrollMargin: top,
    rangeExtractor: (range) => {
      const seen = defaultRangeExtractor(range)
      if (active < 0 || active >= count || seen.includes(active)) return seen
      return [...seen, active].toSorted((one, other) => one - other)
    },
  })
  if (!isLong) return { pieces: Array.from({ length: count }, (_, index) => ({ kind: 'row', index })), measure: null }
  const pieces: Piece[] = []
  let end = top
  for (const { index, start, end: next } of virtualizer.getVirtualItems()) {
    if (start > end) pieces.push({ kind: 'gap', height: start - end })
    pieces.push({ kind: 'row', index })
    end = next
  }
  const rest = virtualizer.getTotalSize() + top - end
  if (rest > 0) pieces.push({ kind: 'gap', height: rest })
  return { pieces, measure: virtualizer.measureElement }
}
