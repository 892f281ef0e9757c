import type { Reservation } from '../../api/types.ts'
import { TimeSince, TimeUntil } from '../../parts/time-left.tsx'
import { counted } from '../../words/reservation-text.ts'
import styles from './reservations.module.css'

/** The position of a reservation in the queue, and its estimated start. */
export function Waiting({ reservation }: { readonly reservation: Reservation }) {
  const { queue, count, pool, created_at: made, wait_until: waitUntil } = reservation
  return (
    <div className={styles['waiting']}>
      <p className={styles['time']}>
        Position {queue?.position ?? '?'} in the queue of {pool}
      </p>
      <p>
        Has waited for {counted(count, 'container', 'containers')} for <TimeSince at={made} />.{' '}
        {queue?.estimated_start ? (
          <>
            Expected <TimeUntil at={queue.estimated_start} withEnd />, if no reservation ends early or is extended.
          </>
        ) : (
          'The start cannot be estimated.'
        )}
      </p>
      {waitUntil && (
        <p className="secondary">
          Times out <TimeUntil at={waitUntil} withEnd />
        </p>
      )}
      {queue?.problem != null && <p className="needs-person">{queue.problem}</p>}
    </div>
  )
}
