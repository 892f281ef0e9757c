/** What was reserved: the wait in the queue with its estimate, then how to log in. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { answerOf } from '../../../../src/client/client.ts'
import { useRelease } from '../../actions/reservation-actions.ts'
import { useBerth } from '../../api/berth.tsx'
import { useSession } from '../../api/session.ts'
import type { Reservation } from '../../api/types.ts'
import { CommandLine } from '../../parts/command-line.tsx'
import { CopyButton } from '../../parts/copy/copy-button.tsx'
import { TimeLeft, TimeUntil } from '../../parts/time-left.tsx'
import { useDock } from '../../terminal/dock-context.tsx'
import { releasingText } from '../../words/release-text.ts'
import { AccessCard } from './access-card.tsx'
import { berthCommand, curlCommand } from './commands.ts'
import type { Made } from './use-reserve.ts'
import styles from './reserve.module.css'

export function MadeReservation({ made, onAnother }: { readonly made: Made; readonly onAnother: () => void }) {
  const { request, reserved } = made
  const reservation = useLatest(reserved)
  const session = useSession()
  useAutomaticTerminal(reservation)
  const curl = curlCommand(location.origin, request, session.data?.auth !== 'none')
  const access = reservation.state === 'active' && <AccessCard reservation={reservation} />
  // After a wait, what is new comes last: nothing moves under the pointer.
  const hasWaited = reserved.state !== 'active'
  return (
    <div className={styles['form']} data-waited={hasWaited || undefined}>
      <Progress reservation={reservation} />
      {reserved.password !== undefined && <Password text={reserved.password} />}
      {!hasWaited && access}
      <details className={styles['more']}>
        <summary>Show as command</summary>
        <div className={styles['commands']}>
          {curl !== null && <CommandLine command={curl} />}
          <CommandLine command={berthCommand(location.origin, request)} />
        </div>
      </details>
      <Buttons reservation={reservation} onAnother={onAnother} />
      {hasWaited && access}
    </div>
  )
}

/** Returns the current state of the reservation, which is read again after events. */
function useLatest(reserved: Reservation): Reservation {
  const berth = useBerth()
  const { id } = reserved
  const { data } = useQuery<Reservation>({
    queryKey: ['reservations', 'one', id],
    queryFn: ({ signal }) => answerOf(berth.GET('/v1/reservations/{id}', { params: { path: { id } }, signal })),
    initialData: reserved,
    // The reservation may have changed since: events before this query existed caused no read.
    initialDataUpdatedAt: 0,
  })
  return data
}

/** Opens a terminal once, as soon as the account works, if there is only one container. */
function useAutomaticTerminal({ state, containers }: Reservation): void {
  const dock = useDock()
  const isOpened = useRef(false)
  const [only, ...others] = containers
  const name = state === 'active' && others.length === 0 ? only?.name : undefined
  useEffect(() => {
    if (name === undefined || isOpened.current) return
    isOpened.current = true
    dock.open(name)
  }, [name, dock])
}

function Progress({ reservation }: { readonly reservation: Reservation }) {
  const { state, queue, reason, outcome, containers, expires_at: expiresAt, wait_until: waitUntil } = reservation
  if (state === 'waiting') {
    return (
      <div role="status" className={styles['progress']}>
        <strong className="soon">Waiting in the queue, position {queue?.position ?? '?'}</strong>
        <p>
          {queue?.estimated_start == null ? (
            'The start cannot be estimated.'
          ) : (
            <>
              Expected <TimeUntil at={queue.estimated_start} before="in about " withEnd />, if not earlier.
            </>
          )}
          {waitUntil !== null && (
            <>
              {' '}
              It times out <TimeUntil at={waitUntil} withEnd />.
            </>
          )}
        </p>
        {queue?.problem != null && <p className="needs-person">{queue.problem}</p>}
      </div>
    )
  }
  if (state === 'preparing') return <output className={styles['progress']}>Its account is being created …</output>
  if (state === 'active' && expiresAt !== null) {
    const what = containers.length === 1 ? containers[0]?.name : `${containers.length} containers`
    return (
      <p role="status" className={styles['progress']}>
        <strong>{what}</strong>: <TimeLeft at={expiresAt} />
      </p>
    )
  }
  return (
    <div role="alert" className={styles['progress']}>
      <strong>The reservation has ended: {outcome ?? state}.</strong>
      {reason !== null && <p>{reason}</p>}
    </div>
  )
}

function Password({ text }: { readonly text: string }) {
  return (
    <div>
      <div className={styles['label']}>Password</div>
      <div className={styles['password']}>
        <code>{text}</code>
        <CopyButton text={text} label="Copy the password" />
      </div>
      <p className="secondary">Shown only once: Berth stores only its hash.</p>
    </div>
  )
}

function Buttons({ reservation, onAnother }: { readonly reservation: Reservation; readonly onAnother: () => void }) {
  const release = useRelease()
  const isOver = reservation.state === 'ended' || reservation.state === 'ending'
  const label = reservation.state === 'waiting' ? 'Cancel the wait' : 'Release'
  return (
    <div className={styles['submit']}>
      <Button onClick={onAnother}>Reserve another</Button>
      {!isOver && (
        <Button disabled={release.isReleasing(reservation.id)} onClick={() => void release.ask([reservation])}>
          {release.isReleasing(reservation.id) ? releasingText(reservation) : label}
        </Button>
      )}
    </div>
  )
}
