/** One line about the slot at hand, at a fixed place with a fixed height, and one about those that are selected. */
import { Button } from '@mantine/core'
import { Link } from 'wouter'
import type { Reservation } from '../api/types.ts'
import { useExtend, useRelease } from '../actions/reservation-actions.ts'
import { useMe } from '../api/lists.ts'
import { useNow } from '../live/clock.tsx'
import { StateMark } from '../parts/state-mark.tsx'
import { useTimeWords } from '../settings/settings.tsx'
import { useDock } from '../terminal/dock-context.tsx'
import { slotDetail } from './slot-text.ts'
import type { Slot } from './slots.ts'
import styles from './pool-board.module.css'

interface SlotDetailProps {
  readonly id: string
  readonly slot: Slot | null
  readonly reservations: ReadonlyMap<string, Reservation>
}

export function SlotDetail({ id, slot, reservations }: SlotDetailProps) {
  const reservation = slot?.reservation == null ? undefined : reservations.get(slot.reservation)
  return (
    <div className={styles['detail']}>
      <p id={id}>
        {slot === null ? (
          <span className="secondary">
            Point at a place, or move there with <kbd>Tab</kbd> and the arrow keys: <kbd>Enter</kbd> opens it.
          </span>
        ) : (
          <DetailText slot={slot} reservation={reservation} />
        )}
      </p>
      {slot !== null && slot.state !== 'missing' && <SlotActions slot={slot} reservation={reservation} />}
    </div>
  )
}

function DetailText({ slot, reservation }: { readonly slot: Slot; readonly reservation: Reservation | undefined }) {
  const now = useNow()
  const words = useTimeWords()
  const more = [
    reservation && reservation.owner !== reservation.username ? `owner ${reservation.owner}` : null,
    reservation?.name,
    reservation?.note,
  ].filter(Boolean)
  return (
    <>
      {slot.state !== 'missing' && <StateMark state={slot.state} />} <strong className="mono">{slot.name}</strong>{' '}
      {slotDetail(slot, now, words)}
      {more.length > 0 && ` · ${more.join(' · ')}`}
    </>
  )
}

function SlotActions({ slot, reservation }: { readonly slot: Slot; readonly reservation: Reservation | undefined }) {
  const dock = useDock()
  const extend = useExtend()
  const isActive = reservation?.state === 'active'
  return (
    <div className={styles['actions']}>
      {isActive && slot.isOwn && (
        <Button title="Open a terminal (t)" onClick={() => dock.open(slot.name)}>
          Terminal
        </Button>
      )}
      {isActive && (
        <Button title="Extend (e)" onClick={() => extend.mutate(reservation)}>
          {extend.isPending ? 'extending …' : 'Extend'}
        </Button>
      )}
      <Link href={`/containers/${slot.name}`}>Open</Link>
    </div>
  )
}

interface SelectionProps {
  readonly names: readonly string[]
  readonly slots: readonly Slot[]
  readonly reservations: ReadonlyMap<string, Reservation>
  readonly onClear: () => void
}

/** What can be done with the selected places: to release their reservations. */
export function Selection({ names, slots, reservations, onClear }: SelectionProps) {
  const release = useRelease()
  const { data: me } = useMe()
  const chosen = new Set(names)
  const ids = new Set(slots.flatMap(({ name, reservation }) => (chosen.has(name) ? (reservation ?? []) : [])))
  const theirs = [...ids].flatMap((id) => reservations.get(id) ?? [])
  const allowed = theirs.filter(({ owner }) => me?.role === 'admin' || owner === me?.name)
  return (
    <div className={styles['actions']}>
      <span role="status">
        {names.length} selected, {allowed.length === 0 ? 'none of them' : `${allowed.length} reservations`} to release
      </span>
      {allowed.length > 0 && <Button onClick={() => void release.ask(allowed)}>Release …</Button>}
      <Button onClick={onClear}>Clear</Button>
    </div>
  )
}
