/** Changes the height of the dock: with the pointer, or with the arrow keys. */
import type { Dispatch, KeyboardEvent, PointerEvent } from 'react'
import { type DockAction, MIN_HEIGHT_PX } from './dock-state.ts'
import styles from './dock.module.css'

const STEP_PX = 20

export function ResizeHandle({ height, act }: { readonly height: number; readonly act: Dispatch<DockAction> }) {
  const press = (event: KeyboardEvent) => {
    const by = { ArrowUp: STEP_PX, ArrowDown: -STEP_PX, PageUp: 5 * STEP_PX, PageDown: -5 * STEP_PX }[event.key]
    if (by === undefined) return
    event.preventDefault()
    act({ type: 'resize', height: height + by })
  }
  const drag = (event: PointerEvent) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId))
      act({ type: 'resize', height: globalThis.innerHeight - event.clientY })
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: <hr> is a thematic break, not a movable separator
    <div
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the terminals"
      aria-valuenow={height}
      aria-valuemin={MIN_HEIGHT_PX}
      aria-valuemax={globalThis.innerHeight}
      tabIndex={0}
      className={styles['handle']}
      onKeyDown={press}
      onPointerDown={(event) => {
        event.preventDefault()
        event.currentTarget.setPointerCapture(event.pointerId)
      }}
      onPointerMove={drag}
    />
  )
}
