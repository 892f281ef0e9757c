/** One line about the slot under the pointer or the focus, at a fixed position and with a fixed height. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { Reservation } from '../api/types.ts'
import { useExtend } from '../actions/reservation-actions.ts'
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
  /** Shown while no slot is under the pointer or the focus. */
  readonly children: ReactNode
}

export function SlotDetail({ id, slot, reservations, children }: SlotDetailProps) {
  const reservation = slot?.reservation == null ? undefined : reservations.get(slot.reservation)
  return (
    <div className={styles['detail']}>
      <div id={id} className={styles['text']}>
        {slot === null ? children : <DetailText slot={slot} reservation={reservation} />}
      </div>
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
