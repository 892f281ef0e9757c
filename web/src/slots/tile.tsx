/** One slot of the map. Renders again only when a value that it shows has changed. */
import { memo } from 'react'
import { useLiveStatus } from '../live/live.tsx'
import { useNow } from '../live/clock.tsx'
import { TimeLeft, TimeSince } from '../parts/time-left.tsx'
import { durationText } from '../words/time.ts'
import { isSameSlot } from './gradual.ts'
import { slotLabel, stateWord } from './slot-text.ts'
import type { Slot, TileSize } from './slots.ts'
import styles from './slot-map.module.css'

interface TileProps {
  readonly slot: Slot
  readonly kind: TileSize['kind']
  /** Whether Tab reaches this tile. */
  readonly isCurrent: boolean
  readonly isSelected: boolean
  /** Id of the line that says more, for screen readers. */
  readonly detailId: string
}

function Plain({ slot, kind, isCurrent, isSelected, detailId }: TileProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a cell of a grid without table elements, which can be pressed
    <button
      type="button"
      role="gridcell"
      className={`${styles['tile']} ${styles[kind]}`}
      // At least a quarter, so that a reserved slot never looks empty.
      style={
        slot.state === 'reserved' ? ({ '--fill': `${25 + (slot.level * 75) / 16}%` } as React.CSSProperties) : undefined
      }
      tabIndex={isCurrent ? 0 : -1}
      // The text of a larger tile already names it.
      aria-label={kind === 'small' || kind === 'dot' ? slotLabel(slot) : undefined}
      aria-describedby={isCurrent ? detailId : undefined}
      aria-selected={isSelected}
      data-slot={slot.name}
      data-state={slot.state}
      data-own={slot.isOwn || undefined}
    >
      {kind === 'large' && <Large slot={slot} />}
      {kind === 'medium' && <Medium slot={slot} />}
      {kind === 'small' && slot.number}
    </button>
  )
}

/** Compares values: every read of the lists makes new objects. */
export const Tile = memo(
  Plain,
  (one, other) =>
    one.kind === other.kind &&
    one.isCurrent === other.isCurrent &&
    one.isSelected === other.isSelected &&
    isSameSlot(one.slot, other.slot),
)

function Large({ slot }: { readonly slot: Slot }) {
  const { state, endsAt, since, error } = slot
  return (
    <>
      <Name slot={slot} />
      <span className={error === null ? styles['quiet'] : styles['problem']}>
        {error !== null && error}
        {error === null && endsAt !== null && <TimeLeft at={endsAt} withEnd={false} />}
        {error === null && endsAt === null && isBusy(state) && since !== null && <TimeSince at={since} />}
      </span>
    </>
  )
}

function Medium({ slot }: { readonly slot: Slot }) {
  return <Name slot={slot} />
}

/** Number, and holder or state. Screen readers also get what the position and the shape show. */
function Name({ slot: { name, number, state, holder } }: { readonly slot: Slot }) {
  return (
    <>
      <span className="mono">
        {/* In one piece: screen readers pause between hidden and visible text, "alpine- 1". */}
        <span className={styles['hidden']}>{holder === null ? name : `${name}, ${state}`}</span>
        <span aria-hidden>{number}</span> <Age />
      </span>
      <span className={holder === null ? styles['quiet'] : styles['holder']}>{holder ?? stateWord(state)}</span>
    </>
  )
}

function isBusy(state: Slot['state']): boolean {
  return state === 'creating' || state === 'removing' || state === 'quarantined'
}

/** Age of what the tile shows, while the page is not live. */
function Age() {
  const status = useLiveStatus()
  return status.kind === 'stale' ? <AgeOf since={status.since} /> : null
}

function AgeOf({ since }: { readonly since: number }) {
  return <span className="soon">{durationText(useNow() - since)} old</span>
}
