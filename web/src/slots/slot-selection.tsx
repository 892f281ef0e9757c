import { Button } from '@mantine/core'
import { useRelease } from '../actions/reservation-actions.ts'
import { useMe } from '../api/lists.ts'
import type { Reservation } from '../api/types.ts'
import { counted } from '../words/reservation-text.ts'
import type { Slot } from './slots.ts'
import styles from './pool-board.module.css'

interface SelectionProps {
  readonly names: readonly string[]
  readonly slots: readonly Slot[]
  readonly reservations: ReadonlyMap<string, Reservation>
  readonly onClear: () => void
}

/** The number of selected slots, and a button that releases their reservations. */
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
        {names.length} selected,{' '}
        {allowed.length === 0 ? 'none of them' : counted(allowed.length, 'reservation', 'reservations')} to release
      </span>
      {allowed.length > 0 && <Button onClick={() => void release.ask(allowed)}>Release …</Button>}
      <Button onClick={onClear}>Clear</Button>
    </div>
  )
}
