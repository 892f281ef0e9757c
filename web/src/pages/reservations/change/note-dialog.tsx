/** Changes the note of a reservation. Refusals of the manager are shown at the field. */
import { Modal, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type KeyboardEvent, type SyntheticEvent, useState } from 'react'
import { answerOf } from '../../../../../src/client/client.ts'
import { useBerth } from '../../../api/berth.tsx'
import type { Reservation } from '../../../api/types.ts'
import { useNotices } from '../../../notices/notices.tsx'
import { DialogButtons } from '../../../parts/dialog-buttons.tsx'
import { reservationTitle } from '../../../words/reservation-text.ts'
import { messageOf } from '../../../words/violations.ts'
import styles from '../reservations.module.css'
import { changedMeanwhile } from './change-text.ts'

interface DialogProps {
  /** Latest state of the reservation; null: the dialog is closed. */
  readonly reservation: Reservation | null
  readonly onClose: () => void
}

/** Stays mounted while it is closed, so that the focus returns to where it was. */
export function NoteDialog({ reservation, onClose }: DialogProps) {
  const title = reservation === null ? '' : `Note of ${reservationTitle(reservation)}`
  return (
    <Modal opened={reservation !== null} onClose={onClose} title={title}>
      {reservation && <NoteForm reservation={reservation} onClose={onClose} />}
    </Modal>
  )
}

function NoteForm({ reservation, onClose }: { readonly reservation: Reservation; readonly onClose: () => void }) {
  const { id } = reservation
  const [before] = useState(reservation.note)
  const [text, setText] = useState(reservation.note ?? '')
  const berth = useBerth()
  const client = useQueryClient()
  const notices = useNotices()
  const save = useMutation({
    mutationFn: () =>
      answerOf(berth.PATCH('/v1/reservations/{id}', { params: { path: { id } }, body: { note: text.trim() } })),
    onSuccess: ({ note }) => {
      onClose()
      notices.done(`${reservationTitle(reservation)}: the note is ${note === null ? 'removed' : 'saved'}`)
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['reservations'] }),
  })
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    if (!save.isPending) save.mutate()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event)
  }
  return (
    <form onSubmit={submit}>
      <Textarea
        label="Note"
        description="What it is for, or a link. Ctrl+Enter saves; an empty note is removed."
        rows={4}
        data-autofocus
        value={text}
        error={save.error && messageOf(save.error, 'note')}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <DialogButtons submit="Save the note" pending="saving …" isPending={save.isPending} onCancel={onClose} />
      <p role="status" className={`soon ${styles['meantime']}`}>
        {changedMeanwhile({ before, now: reservation.note, typed: text })}
      </p>
    </form>
  )
}
