import { Link } from 'wouter'
import type { Event, Reservation } from '../../api/types.ts'
import { ExactTime } from '../../parts/time-left.tsx'
import { ANYONE, MANAGER } from '../../words/callers.ts'
import { endSentence } from '../../words/reservation-text.ts'
import styles from './reservations.module.css'

/** When and how a reservation ended, and who ended it. */
export function Ended(props: { readonly reservation: Reservation; readonly events: readonly Event[] }) {
  const { reservation, events } = props
  const { state, outcome, ended_at: at, pool, username } = reservation
  const by = events.find(({ kind }) => kind === 'reservation.ending' || kind === 'reservation.ended')?.by
  const person = by === undefined || by === MANAGER || by === ANYONE ? '' : ` By ${by}.`
  return (
    <div className={styles['waiting']}>
      <p className={styles['time']}>
        {state === 'ending' ? 'Ending' : 'Ended'}
        {at !== null && (
          <>
            {' '}
            <ExactTime at={at} />
          </>
        )}
      </p>
      <p className={outcome === 'failed' ? 'needs-person' : undefined}>
        {endSentence(reservation) ?? 'It ends now.'}
        {person} Its containers are destroyed with everything in them.
      </p>
      <p>
        <Link href={`/reserve?pool=${encodeURIComponent(pool)}&user=${encodeURIComponent(username)}`}>
          Reserve again
        </Link>
      </p>
    </div>
  )
}
