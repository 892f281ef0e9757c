/** Puts a reservation on hold, in pools that allow it. Refusals of the manager are shown at the field. */
import { Button, Modal, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type SyntheticEvent, useState } from 'react'
import { answerOf } from '../../../../../src/client/client.ts'
import { useBerth } from '../../../api/berth.tsx'
import { usePools } from '../../../api/lists.ts'
import type { Pool, Reservation } from '../../../api/types.ts'
import { useNow } from '../../../live/clock.tsx'
import { useNotices } from '../../../notices/notices.tsx'
import { DialogButtons } from '../../../parts/dialog-buttons.tsx'
import { useTimeWords } from '../../../settings/settings.tsx'
import { readEnd } from '../../../words/end-input.ts'
import { reservationTitle } from '../../../words/reservation-text.ts'
import { clockText } from '../../../words/time.ts'
import { messageOf } from '../../../words/violations.ts'
import { holdConsequence, holdEnd, holdRefusal } from './change-text.ts'

type Limits = NonNullable<Pool['hold']>

const HALF_AN_HOUR_S = 30 * 60

/** Button for pools that allow it. It stays after the reservation is on hold, so that the focus returns to it. */
export function PutOnHold({ reservation }: { readonly reservation: Reservation }) {
  const { data: pools } = usePools()
  const [opened, setOpened] = useState(false)
  const limits = pools?.find(({ name }) => name === reservation.pool)?.hold
  const close = () => setOpened(false)
  if (!limits) return null
  const refusal = holdRefusal(reservation)
  return (
    <>
      <Button
        aria-disabled={refusal !== null}
        {...(refusal !== null && { 'data-disabled': true })}
        title={refusal ?? undefined}
        onClick={() => refusal === null && setOpened(true)}
      >
        Put on hold …
      </Button>
      <Modal opened={opened} onClose={close} title={`Put ${reservationTitle(reservation)} on hold?`}>
        <HoldForm reservation={reservation} limits={limits} onClose={close} />
      </Modal>
    </>
  )
}

interface FormProps {
  readonly reservation: Reservation
  readonly limits: Limits
  readonly onClose: () => void
}

function HoldForm({ reservation, limits, onClose }: FormProps) {
  const { id, pool, expires_at: expiresAt } = reservation
  const [typed, setTyped] = useState(`${Math.floor(Math.min(HALF_AN_HOUR_S, limits.max_seconds) / 60)}m`)
  const now = useNow(10_000)
  const words = useTimeWords()
  const berth = useBerth()
  const client = useQueryClient()
  const notices = useNotices()
  const end = readEnd(typed, now, words)
  const hold = useMutation({
    mutationFn: () => {
      const body = { duration: end?.duration ?? '' }
      return answerOf(berth.POST('/v1/reservations/{id}/hold', { params: { path: { id } }, body }))
    },
    onSuccess: ({ expires_at: at }) => {
      onClose()
      const until = at === null ? '' : ` until ${clockText(Date.parse(at), now, words)}`
      notices.done(`${reservationTitle(reservation)} is on hold${until}`)
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['reservations'] }),
  })
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    if (!hold.isPending) hold.mutate()
  }
  return (
    <form onSubmit={submit}>
      <p>{holdConsequence(pool, limits)}</p>
      <TextInput
        label="Keep it for"
        description="For example 30m, 2h or 15:40"
        data-autofocus
        value={typed}
        error={hold.error && messageOf(hold.error, 'duration')}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <p role="status">{holdEnd(end?.ms ?? null, expiresAt, now, words) ?? 'Type a duration or a time of day.'}</p>
      <DialogButtons submit="Put on hold" pending="putting on hold …" isPending={hold.isPending} onCancel={onClose} />
    </form>
  )
}
