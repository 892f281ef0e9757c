/** The caller's reservations: time left, extend, release, terminal. */
import { Button } from '@mantine/core'
import { Link } from 'wouter'
import { useExtend, useRelease } from '../../actions/reservation-actions.ts'
import { namesOf } from '../../actions/reservation-names.ts'
import type { Reservation } from '../../api/types.ts'
import { LinkedText } from '../../parts/linked-text.tsx'
import { TimeLeft, TimeUntil } from '../../parts/time-left.tsx'
import { releaseVerb, releasingText } from '../../words/release-text.ts'
import { useDock } from '../../terminal/dock-context.tsx'
import styles from './overview.module.css'

export function Mine({ reservations }: { readonly reservations: readonly Reservation[] }) {
  if (reservations.length === 0) {
    return (
      <p className="secondary">
        You have no reservations. <Link href="/reserve">Reserve one</Link>
        <span className="key-hint">
          {' '}
          with <kbd>r</kbd>, <kbd>Enter</kbd>
        </span>
        .
      </p>
    )
  }
  return (
    <ul className={styles['mine']}>
      {reservations.map((one) => (
        <Row key={one.id} reservation={one} />
      ))}
    </ul>
  )
}

function Row({ reservation }: { readonly reservation: Reservation }) {
  const { id, state, username, name, note, containers } = reservation
  const dock = useDock()
  const extend = useExtend()
  const release = useRelease()
  const [only, ...others] = containers
  const isReleasing = release.isReleasing(id)
  const what = namesOf(reservation)
  const verb = releaseVerb(reservation)
  return (
    <li>
      <p>
        <Link href={`/reservations/${id}`}>{name ?? what}</Link> <span className="secondary">{username}</span>
        {note !== null && (
          <span className="secondary">
            {' '}
            · <LinkedText text={note} />
          </span>
        )}
        <br />
        <Time reservation={reservation} isReleasing={isReleasing} />
      </p>
      <div className={styles['buttons']}>
        {state === 'active' && only && others.length === 0 && (
          <Button size="compact-xs" aria-label={`Terminal in ${only.name}`} onClick={() => dock.open(only.name)}>
            Terminal
          </Button>
        )}
        {state === 'active' && (
          <Button size="compact-xs" aria-label={`Extend ${what}`} onClick={() => extend.mutate(reservation)}>
            {extend.isPending ? 'extending …' : 'Extend'}
          </Button>
        )}
        <Button
          size="compact-xs"
          aria-label={`${verb} ${what}`}
          // A disabled button would lose the focus.
          aria-disabled={isReleasing}
          onClick={() => !isReleasing && void release.ask([reservation])}
        >
          {isReleasing ? releasingText(reservation) : verb}
        </Button>
      </div>
      {extend.data?.clamped != null && <p className={`${styles['clamped']} soon`}>{extend.data.clamped}</p>}
    </li>
  )
}

function Time(props: { readonly reservation: Reservation; readonly isReleasing: boolean }) {
  const { state, queue, expires_at: expiresAt, count, containers } = props.reservation
  const several = containers.length > 1 ? ` · ${containers.length} containers` : ''
  if (props.isReleasing || state === 'ending') return <span className="secondary">ending …</span>
  if (state === 'waiting') {
    return (
      <span className="soon">
        waiting for {count === 1 ? '1 container' : `${count} containers`}, position {queue?.position ?? '?'}
        {queue?.estimated_start != null && (
          <>
            , expected <TimeUntil at={queue.estimated_start} />
          </>
        )}
      </span>
    )
  }
  if (expiresAt === null) return <span className="secondary">being prepared …</span>
  return (
    <>
      <TimeLeft at={expiresAt} />
      {several}
    </>
  )
}
