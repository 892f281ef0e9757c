import { Button } from '@mantine/core'
import { useState } from 'react'
import { Link, useParams } from 'wouter'
import { useExtend, useRelease } from '../../actions/reservation-actions.ts'
import { useMe, usePools } from '../../api/lists.ts'
import { useReservation, useReservationEvents } from '../../api/reservation.ts'
import type { Event, Reservation } from '../../api/types.ts'
import { useShortcut } from '../../keyboard/shortcuts.tsx'
import { Fact, Facts } from '../../parts/facts.tsx'
import { LinkedText } from '../../parts/linked-text.tsx'
import { Loading, Page, PENDING } from '../../parts/page.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { ClockTime, ExactTime, TimeLeft, TimeUntil } from '../../parts/time-left.tsx'
import { releaseVerb, releasingText } from '../../words/release-text.ts'
import { extendRefusal, isOpen, reservationTitle, stateText } from '../../words/reservation-text.ts'
import { Access } from './access.tsx'
import { PutOnHold } from './change/hold-form.tsx'
import { NoteDialog } from './change/note-dialog.tsx'
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
  // Its actions depend on both: if the page did not wait, a button would appear later and move the content below it.
  const [me, pools] = [useMe(), usePools()]
  const title = reservation.data ? reservationTitle(reservation.data) : 'Reservation'
  return (
    <Page title={title}>
      <Loading of={me.isPending || pools.isPending ? PENDING : reservation} what="the reservation">
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
      </div>
      {/* Beside the access, which disappears at the end: nothing else moves then. */}
      <div>
        <ReservationFacts reservation={reservation} />
        <section aria-labelledby="events">
          <h2 id="events">
            <Link href={`/events?reservation=${reservation.id}`}>Events</Link>
          </h2>
          {events.error && <ProblemNote title="Berth could not load its events" error={events.error} />}
          <EventLines events={found} />
        </section>
      </div>
    </div>
  )
}

function State({ reservation, events }: { readonly reservation: Reservation; readonly events: readonly Event[] }) {
  const { state, expires_at: end, held_at: held } = reservation
  switch (state) {
    case 'waiting':
      return <Waiting reservation={reservation} />
    case 'preparing':
      return <p>Its account is being created; it will be active in a moment.</p>
    case 'active':
      return (
        <p className={styles['time']}>
          {end && <TimeLeft at={end} />}
          {held && ' · on hold'}
        </p>
      )
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
        {canExtend && <PutOnHold reservation={reservation} />}
        <Button aria-disabled={isReleasing} onClick={() => void release.ask([reservation])}>
          {isReleasing ? releasingText(reservation) : `${releaseVerb(reservation)} …`}
        </Button>
      </div>
      {extend.data?.clamped != null && <p className="soon">{extend.data.clamped}</p>}
    </section>
  )
}

function ReservationFacts({ reservation }: { readonly reservation: Reservation }) {
  const { id, owner, username, pool, count, name } = reservation
  const { created_at: made, active_at: active, keepalive_until: keepalive, held_at: held } = reservation
  return (
    <Facts>
      {/* In the line of the state, so that nothing moves when it is put on hold. */}
      <Fact name="State">
        {stateText(reservation)}
        {held && isOpen(reservation) && (
          <>
            {' since '}
            <ClockTime at={held} />
          </>
        )}
      </Fact>
      <Fact name="Account">{username}</Fact>
      <Fact name="Owner">{owner}</Fact>
      <Fact name="Name">{name}</Fact>
      <Fact name="Pool">
        <Link href={`/pools/${pool}`}>{pool}</Link>
      </Fact>
      <Fact name="Containers">{count}</Fact>
      <Fact name="Note">
        <Note reservation={reservation} />
      </Fact>
      <Fact name="Created">
        <ExactTime at={made} />
      </Fact>
      <Fact name="Active since">{active && <ExactTime at={active} />}</Fact>
      <Fact name="On hold since">{held && !isOpen(reservation) && <ExactTime at={held} />}</Fact>
      <Fact name="Keepalive">{keepalive && isOpen(reservation) && <KeepaliveEnd at={keepalive} />}</Fact>
      <Fact name="ID">
        <code>{id}</code>
      </Fact>
    </Facts>
  )
}

function Note({ reservation }: { readonly reservation: Reservation }) {
  const { note } = reservation
  const [editing, setEditing] = useState(false)
  const canEdit = isOpen(reservation)
  useShortcut('n', 'Edit the note of this reservation', () => canEdit && setEditing(true))
  return (
    <div className={styles['note']}>
      {note !== null && (
        <span>
          <LinkedText text={note} />
        </span>
      )}
      {note === null && !canEdit && <span className="secondary">none</span>}
      {canEdit && (
        <Button title="Edit the note (n)" onClick={() => setEditing(true)}>
          {note === null ? 'Add a note …' : 'Edit …'}
        </Button>
      )}
      <NoteDialog reservation={editing ? reservation : null} onClose={() => setEditing(false)} />
    </div>
  )
}

function KeepaliveEnd({ at }: { readonly at: string }) {
  return (
    <>
      abandoned <TimeUntil at={at} /> without another call
    </>
  )
}
