/** Extends a reservation by a duration. Errors of the manager are shown below the field. */
import { Button, Popover, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { answerOf } from '../../../../src/client/client.ts'
import { reportExtension } from '../../actions/report-extension.ts'
import { useBerth } from '../../api/berth.tsx'
import type { Reservation } from '../../api/types.ts'
import { useNotices } from '../../notices/notices.tsx'
import { reservationTitle } from '../../words/reservation-text.ts'
import { messageOf } from '../../words/violations.ts'

export function ExtendForm({ reservation }: { readonly reservation: Reservation }) {
  const { id } = reservation
  const [opened, setOpened] = useState(false)
  const [duration, setDuration] = useState('1h')
  const berth = useBerth()
  const client = useQueryClient()
  const notices = useNotices()
  const extend = useMutation({
    mutationFn: () =>
      answerOf(berth.PATCH('/v1/reservations/{id}', { params: { path: { id } }, body: { extend: duration.trim() } })),
    onSuccess: (after) => {
      setOpened(false)
      const title = reservationTitle(reservation)
      const texts = { done: `${title} was extended by ${duration}`, earlier: `${title} ends earlier than requested` }
      reportExtension(notices, { before: reservation, after }, { ...texts, unmoved: title })
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['reservations'] }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!extend.isPending) extend.mutate()
  }
  return (
    <Popover opened={opened} onChange={setOpened} trapFocus position="bottom-start">
      <Popover.Target>
        <Button onClick={() => setOpened(!opened)}>Extend by …</Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form onSubmit={submit}>
          <TextInput
            label="Duration"
            description="For example 30m, 2h or 1d"
            data-autofocus
            value={duration}
            onChange={(event) => setDuration(event.currentTarget.value)}
            error={extend.error && messageOf(extend.error, 'extend')}
          />
          <Button type="submit" variant="filled" mt="sm" aria-disabled={extend.isPending}>
            {extend.isPending ? 'extending …' : 'Extend'}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}
