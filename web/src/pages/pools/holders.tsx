/** The holders of a pool, longest first: shows an admin who uses an exhausted pool. */
import { Button } from '@mantine/core'
import { Fragment } from 'react'
import { Link } from 'wouter'
import { useExtend, useRelease } from '../../actions/reservation-actions.ts'
import type { Pool, Reservation } from '../../api/types.ts'
import { LinkedText } from '../../parts/linked-text.tsx'
import { TimeLeft, TimeSince } from '../../parts/time-left.tsx'
import styles from './pool.module.css'

interface HoldersProps {
  readonly pool: Pool
  readonly reservations: readonly Reservation[]
  readonly isAdmin: boolean
}

export function Holders({ pool, reservations, isAdmin }: HoldersProps) {
  const reserved = pool.containers['reserved'] ?? 0
  const shown = reservations.reduce((sum, { containers }) => sum + containers.length, 0)
  const others = reserved - shown
  const sorted = reservations.toSorted((one, other) => (one.created_at < other.created_at ? -1 : 1))
  return (
    <>
      {sorted.length > 0 && (
        <table className={styles['table']}>
          <thead>
            <tr>
              <th scope="col">Containers</th>
              <th scope="col">Account</th>
              <th scope="col">Owner</th>
              <th scope="col">Note</th>
              <th scope="col">Held for</th>
              <th scope="col">Time left</th>
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
      {sorted.length === 0 && others <= 0 && <p className="secondary">No container is reserved.</p>}
      {!isAdmin && others > 0 && (
        <p className="secondary">
          {others === 1 ? '1 container is' : `${others} containers are`} reserved by other users. Only admins see by
          whom.
        </p>
      )}
    </>
  )
}

/** More containers than this are counted instead of named. */
const MAX_NAMES = 4

function Row({ reservation }: { readonly reservation: Reservation }) {
  const { id, state, username, owner, name, note, containers, created_at: createdAt, active_at: activeAt } = reservation
  const extend = useExtend()
  const release = useRelease()
  const isReleasing = release.isReleasing(id) || state === 'ending'
  const more = containers.length - MAX_NAMES
  return (
    <tr>
      <td data-label="Containers">
        <span>
          {containers.slice(0, MAX_NAMES).map((container, nth) => (
            <Fragment key={container.name}>
              {nth > 0 && ', '}
              <Link href={`/containers/${container.name}`}>{container.name}</Link>
            </Fragment>
          ))}
          {more > 0 && `, and ${more} more`}
        </span>
      </td>
      <td data-label="Account">
        <Link href={`/reservations/${id}`}>{username}</Link>
        {name !== null && <span className="secondary"> {name}</span>}
      </td>
      <td data-label="Owner">{owner}</td>
      <td data-label="Note">{note !== null && <LinkedText text={note} />}</td>
      <td data-label="Held for">
        <TimeSince at={activeAt ?? createdAt} />
      </td>
      <td data-label="Time left">
        {isReleasing ? 'ending …' : reservation.expires_at === null ? state : <TimeLeft at={reservation.expires_at} />}
      </td>
      <td className={styles['actions']}>
        <Button
          size="compact-xs"
          disabled={state !== 'active' || isReleasing}
          aria-label={`Extend ${username}`}
          onClick={() => extend.mutate(reservation)}
        >
          {extend.isPending ? 'extending …' : 'Extend'}
        </Button>
        <Button
          size="compact-xs"
          disabled={isReleasing}
          aria-label={`Release ${username}`}
          onClick={() => void release.ask([reservation])}
        >
          Release
        </Button>
      </td>
    </tr>
  )
}
