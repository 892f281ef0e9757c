/** The map of a pool: numbered slots at fixed positions. Arrow keys move between them. */
import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { useLocation } from 'wouter'
import { columnsIn, indexAfter, type Slot, tileSize } from './slots.ts'
import { Tile } from './tile.tsx'
import styles from './slot-map.module.css'

interface SlotMapProps {
  readonly label: string
  readonly slots: readonly Slot[]
  readonly detailId: string
  /** Whether tiles of the caller stand out. Without authentication all of them would. */
  readonly marksOwn: boolean
  readonly selected: ReadonlySet<string>
  readonly onSelect: (names: readonly string[], on: boolean) => void
  /** Called with the name of the slot that the mouse or the focus is at; null: with none. */
  readonly onShow: (name: string | null) => void
}

/** Width of the ruler beside rows of dots. */
const RULER_PX = 32

export function SlotMap({ label, slots, detailId, marksOwn, selected, onSelect, onShow }: SlotMapProps) {
  const grid = useRef<HTMLDivElement>(null)
  const width = useWidth(grid)
  const [, navigate] = useLocation()
  const [current, setCurrent] = useState<string | null>(null)
  const size = tileSize(slots.length)
  const isDots = size.kind === 'dot'
  const columns = width === null ? null : columnsIn(isDots ? width - RULER_PX : width, size)
  const tabStop = slots.some(({ name }) => name === current) ? current : (slots[0]?.name ?? null)

  const move = (event: KeyboardEvent) => {
    const name = slotAt(event.target)
    if (name === null || columns === null || event.altKey) return
    if (event.key === 'Enter') {
      event.preventDefault()
      navigate(`/containers/${name}`)
      return
    }
    const index = slots.findIndex((slot) => slot.name === name)
    const to = indexAfter(event.key, event.ctrlKey || event.metaKey, { index, columns, count: slots.length })
    const next = to === null ? undefined : slots[to]
    if (!next) return
    event.preventDefault()
    if (event.shiftKey) onSelect([name, next.name], true)
    setCurrent(next.name)
    grid.current?.querySelector<HTMLElement>(`[data-slot="${CSS.escape(next.name)}"]`)?.focus()
  }

  const click = (event: MouseEvent) => {
    const name = slotAt(event.target)
    if (name === null) return
    if (event.ctrlKey || event.metaKey) onSelect([name], !selected.has(name))
    if (event.shiftKey) onSelect(between(slots, current, name), true)
    setCurrent(name)
    onShow(name)
  }

  const rows = useMemo(() => (columns === null ? [] : rowsOf(slots, columns)), [slots, columns])
  const drawn = useMemo(
    () =>
      rows.map((row) => (
        // biome-ignore lint/a11y/useSemanticElements: rows follow the width of the window, which tables cannot
        // biome-ignore lint/a11y/useFocusableInteractive: the tiles take the focus
        <div role="row" key={row[0]?.number} className={styles['row']}>
          {isDots && (
            <span aria-hidden className={styles['ruler']}>
              {row[0]?.number}
            </span>
          )}
          {row.map((slot) => (
            <Tile
              key={slot.name}
              slot={slot}
              kind={size.kind}
              isCurrent={slot.name === tabStop}
              isSelected={selected.has(slot.name)}
              detailId={detailId}
            />
          ))}
        </div>
      )),
    [rows, isDots, size.kind, tabStop, selected, detailId],
  )
  const sizes = { '--tile-width': `${size.width}px`, '--tile-height': `${size.height}px`, '--gap': `${size.gap}px` }
  return (
    // biome-ignore lint/a11y/useSemanticElements: see rows
    <div
      ref={grid}
      role="grid"
      aria-label={label}
      aria-multiselectable
      data-marks-own={marksOwn || undefined}
      className={styles['grid']}
      style={sizes as CSSProperties}
      onKeyDown={move}
      onClick={click}
      onFocus={(event) => {
        setCurrent(slotAt(event.target))
        onShow(slotAt(event.target))
      }}
      onMouseOver={(event) => onShow(slotAt(event.target))}
      onMouseLeave={() => onShow(current)}
    >
      {drawn}
    </div>
  )
}

/** Returns the name of the slot whose tile contains an element. */
export function slotAt(target: EventTarget | null): string | null {
  return target instanceof Element ? (target.closest<HTMLElement>('[data-slot]')?.dataset['slot'] ?? null) : null
}

function rowsOf(slots: readonly Slot[], columns: number): readonly (readonly Slot[])[] {
  return Array.from({ length: Math.ceil(slots.length / columns) }, (_, row) =>
    slots.slice(row * columns, (row + 1) * columns),
  )
}

function between(slots: readonly Slot[], from: string | null, to: string): readonly string[] {
  const ends = [from ?? to, to].map((name) => slots.findIndex((slot) => slot.name === name)).toSorted((a, b) => a - b)
  return slots.slice(ends[0], (ends[1] ?? 0) + 1).map(({ name }) => name)
}

/** Returns the width of an element, null before it is known. */
function useWidth(ref: React.RefObject<HTMLElement | null>): number | null {
  const [width, setWidth] = useState<number | null>(null)
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    setWidth(element.clientWidth)
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [ref])
  return width
}
