import { Button, NativeSelect } from '@mantine/core'
import { useMemo, useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import { useOpenReservations } from '../../api/lists.ts'
import type { Reservation } from '../../api/types.ts'
import { Loading, Page } from '../../parts/page.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { DataTable } from '../../parts/table/data-table.tsx'
import { readTableState } from '../../parts/table/model/table-state.ts'
import { useTable } from '../../parts/table/use-table.ts'
import { reservationTitle } from '../../words/reservation-text.ts'
import { NoteDialog } from './change/note-dialog.tsx'
import { endedFilter } from './ended-filter.ts'
import { useEndedReservations } from './ended-reservations.ts'
import { RESERVATION_COLUMNS } from './reservation-columns.tsx'
import { readStates, rowsOf, stateChoices } from './state-filter.ts'
import { useReservationActions } from './use-reservation-actions.ts'
import styles from './reservations.module.css'

const NONE: readonly Reservation[] = []

export function ReservationsPage() {
  const open = useOpenReservations()
  return (
    <Page title="Reservations">
      <Loading of={open} what="the reservations">
        {(reservations) => <Reservations open={reservations} />}
      </Loading>
    </Page>
  )
}

function Reservations({ open }: { readonly open: readonly Reservation[] }) {
  const [params] = useSearchParams()
  const states = readStates(params)
  const withEnded = states.includes('ended')
  const ended = useEndedReservations(endedFilter(readTableState(params, RESERVATION_COLUMNS).filters), withEnded)
  const wanted = states.join()
  const rows = useMemo(() => {
    return rowsOf(open, withEnded ? (ended.data ?? NONE) : NONE, wanted.split(','))
  }, [open, wanted, withEnded, ended.data])
  const table = useTable({ rows, columns: RESERVATION_COLUMNS, idOf })
  const [editing, setEditing] = useState<Reservation | null>(null)
  const actions = useReservationActions(setEditing)
  return (
    <>
      <DataTable
        table={table}
        label="Reservations"
        noun={{ one: 'reservation', many: 'reservations' }}
        nameOf={reservationTitle}
        hrefOf={({ id }) => `/reservations/${id}`}
        actionsOf={actions.rowActions}
        bulk={actions.bulk}
        pageFilters={<StateFilter />}
        empty={
          <>
            <p>{wanted === 'ended' ? 'No reservation has ended.' : 'No reservations in this state.'}</p>
            <Link href="/reserve">Reserve a container</Link>
          </>
        }
      />
      <NoteDialog
        reservation={editing && (open.find(({ id }) => id === editing.id) ?? editing)}
        onClose={() => setEditing(null)}
      />
      {withEnded && <EndedNote ended={ended} />}
    </>
  )
}

function idOf({ id }: Reservation): string {
  return id
}

function StateFilter() {
  const [params, setParams] = useSearchParams()
  const change = (value: string) =>
    setParams(
      (now) => {
        const next = new URLSearchParams(now)
        if (value === '') next.delete('state')
        else next.set('state', value)
        return next
      },
      { replace: true },
    )
  return (
    <NativeSelect
      label="State"
      value={params.get('state') ?? ''}
      onChange={(event) => change(event.currentTarget.value)}
      data={[...stateChoices(params)]}
    />
  )
}

/** Shows how many ended reservations are loaded, because they are read in pages. */
function EndedNote({ ended }: { readonly ended: ReturnType<typeof useEndedReservations> }) {
  const { data: loaded, error, hasNextPage, isFetchingNextPage, isPending, fetchNextPage, refetch } = ended
  if (isPending) return <output className="secondary">Loading the ended reservations …</output>
  const count = (loaded?.length ?? 0).toLocaleString()
  return (
    <div className={styles['ended']}>
      {error && <ProblemNote title="Berth could not load all ended reservations" error={error} />}
      {loaded !== undefined && (
        <output className="secondary">
          {hasNextPage
            ? `The latest ${count} ended reservations are loaded. Filter, order and count apply only to these.`
            : `All ${count} matching ended reservations that are kept are loaded.`}
        </output>
      )}
      {loaded === undefined && <Button onClick={() => void refetch()}>Try again</Button>}
      {hasNextPage && (
        <Button onClick={() => void fetchNextPage()} aria-disabled={isFetchingNextPage}>
          {isFetchingNextPage ? 'Loading …' : 'Load older ones'}
        </Button>
      )}
    </div>
  )
}
