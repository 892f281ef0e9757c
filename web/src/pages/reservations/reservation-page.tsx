import { Button } from '@mantine/core'
import { Link, useParams } from 'wouter'
import { useExtend, useRelease } from '../../actions/reservation-actions.ts'
import { useMe } from '../../api/lists.ts'
import { useReservation, useReservationEvents } from '../../api/reservation.ts'
import type { Event, Reservation } from '../../api/types.ts'
import { useShortcut } from '../../keyboard/shortcuts.tsx'
import { Fact, Facts } from '../../parts/facts.tsx'
import { LinkedText } from '../../parts/linked-text.tsx'
import { Loading, Page } from '../../parts/page.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { ExactTime, TimeLeft, TimeSince, TimeUntil } from '../../parts/time-left.tsx'
import { releaseVerb, releasingText } from '../../words/release-text.ts'
import { extendRefusal, isOpen, reservationTitle, stateText } from '../../words/reservation-text.ts'
import { Access } from './access.tsx'
import { Ended } from './ended.tsx'
import { EventLines } from './event-lines.tsx'
import { ExtendForm } from './extend-form.tsx'
import { Keepalive } from './keepalive.tsx'
import { Waiting } from './waiting.tsx'
import styles from './reservations.module.css'

const NONE: readonly Event[] = []

export function ReservationPage() {
  const { id } = useParams<{ id: string }>()
  const reservation = useReservation(id)
  const title = reservation.data ? reservationTitle(reservation.data) : 'Reservation'
  return (
    <Page title={title}>
      <Loading of={reservation} what="the reservation">
        {(found) => <Shown reservation={found} />}
      </Loading>
    </Page>
  )
}

function Shown({ reservation }: { readonly reservation: Reservation }) {
  const { data: me } = useMe()
  const events = useReservationEvents(reservation.id)
  const isMine = reservation.owner === me?.name
  const found = events.data ?? NONE
  return (
    <div className={styles['columns']}>
      <div>
        <State reservation={reservation} events={found} />
        {isOpen(reservation) && <Actions reservation={reservation} isMine={isMine} />}
        <Access reservation={reservation} isMine={isMine} />
        <ReservationFacts reservation={reservation} />
      </div>
      <section aria-labelledby="events">
        <h2 id="events">Events</h2>
        {events.error && <ProblemNote title="Berth could not load its events" error={events.error} />}
        <EventLines events={found} />
        <p>
          <Link href={`/events?reservation=${reservation.id}`}>Follow its events</Link>
        </p>
      </section>
    </div>
  )
}

function State({ reservation, events }: { readonly reservation: Reservation; readonly events: readonly Event[] }) {
  const { state, expires_at: end } = reservation
  switch (state) {
    case 'waiting':
      return <Waiting reservation={reservation} />
    case 'preparing':
      return <p>Its account is being created; it will be active in a moment.</p>
    case 'active':
      return end && <p className={styles['time']}>{<TimeLeft at={end} />}</p>
    case 'ending':
    case 'ended':
      return <Ended reservation={reservation} events={events} />
  }
}

function Actions({ reservation, isMine }: { readonly reservation: Reservation; readonly isMine: boolean }) {
  const extend = useExtend()
  const release = useRelease()
  const canExtend = extendRefusal(reservation) === null
  useShortcut('e', 'Extend this reservation', () => canExtend && extend.mutate(reservation))
  const isReleasing = release.isReleasing(reservation.id)
  return (
    <section aria-label="Actions">
      <div className={styles['actions']}>
        {canExtend && (
          <Button title="Extend (e)" aria-disabled={extend.isPending} onClick={() => extend.mutate(reservation)}>
            {extend.isPending ? 'extending …' : 'Extend'}
          </Button>
        )}
        {canExtend && <ExtendForm reservation={reservation} />}
        {canExtend && <Keepalive reservation={reservation} isMine={isMine} />}
        <Button aria-disabled={isReleasing} onClick={() => void release.ask([reservation])}>
          {isReleasing ? releasingText(reservation) : `${releaseVerb(reservation)} …`}
        </Button>
      </div>
      {extend.data?.clamped != null && <p className="soon">{extend.data.clamped}</p>}
    </section>
  )
}

function ReservationFacts({ reservation }: { readonly reservation: Reservation }) {
  const { id, owner, username, pool, count, note, name } = reservation
  const { created_at: made, active_at: active, keepalive_until: keepalive, held_at: held } = reservation
  return (
    <Facts>
      <Fact name="State">{stateText(reservation)}</Fact>
      <Fact name="Account">{username}</Fact>
      <Fact name="Owner">{owner}</Fact>
      <Fact name="Name">{name}</Fact>
      <Fact name="Pool">
        <Link href={`/pools/${pool}`}>{pool}</Link>
      </Fact>
      <Fact name="Containers">{count}</Fact>
      <Fact name="Note">{note !== null && <LinkedText text={note} />}</Fact>
      <Fact name="Created">
        <ExactTime at={made} />
      </Fact>
      <Fact name="Active since">{active && <ExactTime at={active} />}</Fact>
      <Fact name="On hold">{held && isOpen(reservation) && <TimeSince at={held} />}</Fact>
      <Fact name="Keepalive">{keepalive && isOpen(reservation) && <KeepaliveEnd at={keepalive} />}</Fact>
      <Fact name="ID">
        <code>{id}</code>
      </Fact>
    </Facts>
  )
}

function KeepaliveEnd({ at }: { readonly at: string }) {
  return (
    <>
      abandoned <TimeUntil at={at} /> without another call
    </>
  )
}
