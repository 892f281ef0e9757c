/** The queue of a pool: who waits, for how long, and the estimated start. */
import { Button } from '@mantine/core'
import { Link } from 'wouter'
import { useRelease } from '../../actions/reservation-actions.ts'
import type { Reservation } from '../../api/types.ts'
import { LinkedText } from '../../parts/linked-text.tsx'
import { ClockTime, TimeLeft, TimeSince } from '../../parts/time-left.tsx'
import styles from './pool.module.css'

interface QueueProps {
  readonly reservations: readonly Reservation[]
  /** Number of all waiting reservations. Users see only their own. */
  readonly waiting: number
}

export function Queue({ reservations, waiting }: QueueProps) {
  const others = waiting - reservations.length
  const sorted = reservations.toSorted((one, other) => (one.queue?.position ?? 0) - (other.queue?.position ?? 0))
  return (
    <>
      {sorted.length > 0 && (
        <table className={styles['table']}>
          <thead>
            <tr>
              <th scope="col">Position</th>
              <th scope="col">Account</th>
              <th scope="col">Owner</th>
              <th scope="col">Count</th>
              <th scope="col">Note</th>
              <th scope="col">Waiting for</th>
              <th scope="col">Estimated start</th>
              <th scope="col">Times out in</th>
              <th scope="col">
                <span className={styles['hidden']}>Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((one) => (
              <Row key={one.id} reservation={one} />
            ))}
          </tbody>
        </table>
      )}
      {waiting === 0 && <p className="secondary">No reservation is waiting.</p>}
      {others > 0 && (
        <p className="secondary">
          {others} more {others === 1 ? 'is' : 'are'} waiting.
        </p>
      )}
    </>
  )
}

function Row({ reservation }: { readonly reservation: Reservation }) {
  const { id, username, owner, count, note, queue, created_at: createdAt, wait_until: waitUntil } = reservation
  const release = useRelease()
  return (
    <tr>
      <td data-label="Position">{queue?.position}</td>
      <td data-label="Account">
        <Link href={`/reservations/${id}`}>{username}</Link>
      </td>
      <td data-label="Owner">{owner}</td>
      <td data-label="Count">{count}</td>
      <td data-label="Note">{note !== null && <LinkedText text={note} />}</td>
      <td data-label="Waiting for">
        <TimeSince at={createdAt} />
      </td>
      <td data-label="Estimated start">
        {queue?.problem != null && <span className="needs-person">{queue.problem}</span>}
        {queue?.problem == null && queue?.estimated_start != null && <ClockTime at={queue.estimated_start} />}
        {queue?.problem == null && queue?.estimated_start == null && 'unknown'}
      </td>
      <td data-label="Times out in">
        {waitUntil !== null && <TimeLeft at={waitUntil} withEnd={false} passed="any moment" />}
      </td>
      <td className={styles['actions']}>
        <Button size="compact-xs" aria-label={`Cancel ${username}`} onClick={() => void release.ask([reservation])}>
          Cancel
        </Button>
      </td>
    </tr>
  )
}
