/** The actions on reservations in the table: on one, or on all that are selected. */
import { Pencil } from 'lucide-react'
import { answerOf } from '../../../../src/client/client.ts'
import { extensionOf } from '../../actions/extension.ts'
import { useExtend, useRelease } from '../../actions/reservation-actions.ts'
import { useBerth } from '../../api/berth.tsx'
import { usePools } from '../../api/lists.ts'
import type { Reservation } from '../../api/types.ts'
import { useNotices } from '../../notices/notices.tsx'
import { useBulk } from '../../parts/bulk/bulk-context.tsx'
import { useConfirm } from '../../parts/confirm.tsx'
import type { BulkAction, RowAction } from '../../parts/table/row-action.ts'
import { releaseConsequence, releaseVerb } from '../../words/release-text.ts'
import { counted, extendRefusal, isOpen, releaseRefusal, reservationTitle } from '../../words/reservation-text.ts'

interface Actions {
  readonly rowActions: (row: Reservation) => RowAction[]
  readonly bulk: readonly BulkAction<Reservation>[]
}

export function useReservationActions(editNote: (row: Reservation) => void): Actions {
  const extend = useExtend()
  const release = useRelease()
  const releaseMany = useReleaseMany()
  const extendMany = useExtendMany()
  return {
    rowActions: (row) => [
      { label: 'Extend', key: 'e', refusal: extendRefusal(row), act: () => extend.mutate(row) },
      { label: 'Edit note …', icon: Pencil, key: 'n', refusal: releaseRefusal(row), act: () => editNote(row) },
      { label: `${releaseVerb(row)} …`, refusal: releaseRefusal(row), act: () => void release.ask([row]) },
    ],
    bulk: [
      { label: 'Release …', act: (rows) => void releaseMany(rows) },
      { label: 'Extend', act: extendMany },
    ],
  }
}

/** Releases many reservations after one confirmation, and shows a result for each. */
function useReleaseMany() {
  const berth = useBerth()
  const notices = useNotices()
  const confirm = useConfirm()
  const startBulk = useBulk()
  return async (selected: readonly Reservation[]) => {
    const open = selected.filter(isOpen)
    if (open.length === 0) {
      return notices.problem('Nothing was released', 'All selected reservations are ending or have ended.')
    }
    const left = selected.length - open.length
    const ended =
      left === 0
        ? ''
        : ` ${counted(left, 'other is ending or has ended and is', 'others are ending or have ended and are')} skipped.`
    const title = `Release ${counted(open.length, 'reservation', 'reservations')}`
    const consequence = releaseConsequence(open) + ended
    if (!(await confirm({ title: `${title}?`, consequence, names: open.map(listed), action: title }))) return
    startBulk({
      title,
      done: 'released',
      items: open.map((one) => ({ id: one.id, name: listed(one) })),
      act: (id) => answerOf(berth.DELETE('/v1/reservations/{id}', { params: { path: { id } } })),
    })
  }
}

/** Extends many reservations. An end that differs from the requested one counts as refused, with the reason. */
function useExtendMany() {
  const berth = useBerth()
  const { data: pools } = usePools()
  const startBulk = useBulk()
  return (selected: readonly Reservation[]) => {
    const poolOf = new Map(selected.map(({ id, pool }) => [id, pools?.find(({ name }) => name === pool)]))
    startBulk({
      title: `Extend ${counted(selected.length, 'reservation', 'reservations')}`,
      done: 'extended',
      items: selected.map((one) => ({ id: one.id, name: listed(one) })),
      act: async (id) => {
        const body = { extend: extensionOf(poolOf.get(id)) }
        const { clamped } = await answerOf(berth.PATCH('/v1/reservations/{id}', { params: { path: { id } }, body }))
        if (clamped !== null) throw new Error(clamped)
      },
    })
  }
}

/** Returns the name for lists, with the containers, because several reservations may have the same account. */
function listed(reservation: Reservation): string {
  const names = reservation.containers.map(({ name }) => name)
  return names.length === 0 ? reservationTitle(reservation) : `${reservationTitle(reservation)} (${names.join(' ')})`
}
