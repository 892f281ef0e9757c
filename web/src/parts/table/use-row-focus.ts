/** Moves the focus between rows. One row is in the order of Tab; it keeps the focus when rows change under it. */
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { placeOf } from './model/place.ts'

export interface RowFocus {
  /** Index of the row that Tab reaches; -1 without rows. */
  readonly active: number
  readonly focusRow: (index: number) => void
  /** For the body of the table. */
  readonly onFocus: (event: React.FocusEvent) => void
  readonly onBlur: () => void
}

export function useRowFocus(ids: readonly string[], body: RefObject<HTMLElement | null>): RowFocus {
  const [activeId, setActiveId] = useState<string | null>(null)
  const before = useRef(ids)
  const isInside = useRef(false)
  /** The row to focus once it is in the document. */
  const wanted = useRef<string | null>(null)

  const found = activeId === null ? 0 : ids.indexOf(activeId)
  useLayoutEffect(() => {
    if (activeId !== null && found < 0) setActiveId(placeOf(activeId, before.current, new Set(ids)))
    before.current = ids
  }, [activeId, found, ids])

  const active = Math.min(Math.max(found, 0), ids.length - 1)
  useEffect(() => {
    // React removes a row with the focus without a blur: the row in its place takes the focus.
    const isLost = isInside.current && document.activeElement === document.body
    const id = wanted.current ?? (isLost ? ids[active] : undefined)
    if (id === undefined || id === null) return
    const row = body.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)
    if (!row) return
    row.focus({ preventScroll: true })
    if (wanted.current !== null) row.scrollIntoView({ block: 'nearest' })
    wanted.current = null
  })

  return {
    active,
    focusRow: (index) => {
      const id = ids[index]
      if (id === undefined) return
      wanted.current = id
      setActiveId(id)
      // The same row again: nothing is rendered, so the effect does not run.
      if (id === activeId) body.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)?.focus()
    },
    onFocus: (event) => {
      isInside.current = true
      const id = event.target.closest('[data-id]')?.getAttribute('data-id')
      if (id) setActiveId(id)
    },
    onBlur: () => {
      isInside.current = false
    },
  }
}
