/** What the buttons of reservations do: each asks if it destroys, and says what was refused. */
import { useExtend, useRelease } from '../../api/reservation-actions.ts'
import type { Reservation } from '../../api/types.ts'
import { useBerth } from '../../api/berth.tsx'
import { answerOf } from '../../../../src/client/client.ts'
import { useNotices } from '../../notices/notices.tsx'
import { useBulk } from '../../parts/bulk/bulk-context.tsx'
import { useConfirm } from '../../parts/confirm.tsx'
import type { BulkAction, RowAction } from '../../parts/table/row-action.ts'
import { useTimeWords } from '../../settings/settings.tsx'
import { clockText } from '../../words/time.ts'
import {
  counted,
  extendRefusal,
  isOpen,
  releaseConsequence,
  releaseRefusal,
  reservationTitle,
} from '../../words/reservation-text.ts'

/** What one key adds. */
const STEP = { extend: '30m', words: '30 min' }

export function useReservationActions() {
  const berth = useBerth()
  const extend = useExtend()
  const release = useRelease()
  const notices = useNotices()
  const confirm = useConfirm()
  const startBulk = useBulk()
  const words = useTimeWords()

  const askRelease = async (reservation: Reservation) => {
    const title = reservationTitle(reservation)
    const names = reservation.containers.map(({ name }) => name)
    const consequence = releaseConsequence([reservation])
    if (!(await confirm({ title: `Release ${title}?`, consequence, names, action: 'Release' }))) return
    release.mutate(reservation.id, {
      onSuccess: () => notices.done(`${title} is released`),
      onError: (error) => notices.problem(`${title} was not released`, error),
    })
  }

  const extendByStep = (reservation: Reservation) => {
    const title = reservationTitle(reservation)
    extend.mutate(
      { id: reservation.id, extend: STEP.extend },
      {
        onSuccess: ({ expires_at: until, clamped }) => {
          if (clamped !== null) notices.problem(`${title} was not extended by ${STEP.words}`, clamped)
          else notices.done(`${title} is extended until ${clockText(Date.parse(until ?? ''), Date.now(), words)}`)
        },
        onError: (error) => notices.problem(`${title} was not extended`, error),
      },
    )
  }

  const itemsOf = (some: readonly Reservation[]) => some.map((one) => ({ id: one.id, name: listed(one) }))

  const releaseMany = async (selected: readonly Reservation[]) => {
    const open = selected.filter(isOpen)
    if (open.length === 0) return notices.problem('Nothing was released', 'All that are selected are ending, or have ended.')
    const left = selected.length - open.length
    const what = counted(open.length, 'reservation', 'reservations')
    const ended = left === 0 ? '' : ` ${counted(left, 'other has', 'others have')} ended, and are left out.`
    const consequence = releaseConsequence(open) + ended
    if (!(await confirm({ title: `Release ${what}?`, consequence, names: open.map(listed), action: `Release ${what}` }))) return
    startBulk({
      title: `Release ${what}`,
      done: 'released',
      items: itemsOf(open),
      act: (id) => answerOf(berth.DELETE('/v1/reservations/{id}', { params: { path: { id } } })),
    })
  }

  const extendMany = (selected: readonly Reservation[]) =>
    startBulk({
      title: `Extend ${counted(selected.length, 'reservation', 'reservations')} by ${STEP.words}`,
      done: 'extended',
      items: itemsOf(selected),
      act: async (id) => {
        const body = { extend: STEP.extend }
        const { clamped } = await answerOf(berth.PATCH('/v1/reservations/{id}', { params: { path: { id } }, body }))
        if (clamped !== null) throw new Error(clamped)
      },
    })

  return {
    step: STEP,
    askRelease,
    extendByStep,
    isReleasing: release.isPending,
    rowActions: (row: Reservation): RowAction[] => [
      { label: `+${STEP.words}`, key: 'e', refusal: extendRefusal(row), act: () => extendByStep(row) },
      { label: 'Release …', refusal: releaseRefusal(row), act: () => void askRelease(row) },
    ],
    bulk: [
      { label: 'Release …', act: (rows) => void releaseMany(rows) },
      { label: `Extend by ${STEP.words}`, act: extendMany },
    ] satisfies BulkAction<Reservation>[],
  }
}

/** The name in lists of what an action concerns: with the containers, because accounts may be the same. */
function listed(reservation: Reservation): string {
  const names = reservation.containers.map(({ name }) => name)
  return names.length === 0 ? reservationTitle(reservation) : `${reservationTitle(reservation)} (${names.join(' ')})`
}
