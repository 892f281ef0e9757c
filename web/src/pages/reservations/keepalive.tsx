import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { answerOf } from '../../../../src/client/client.ts'
import { useBerth } from '../../api/berth.tsx'
import type { Reservation } from '../../api/types.ts'
import { useNotices } from '../../notices/notices.tsx'

/** Sends a keepalive call by hand, for example while the program that sends them is repaired. */
export function Keepalive({ reservation, isMine }: { readonly reservation: Reservation; readonly isMine: boolean }) {
  const { id, keepalive_until: until } = reservation
  const berth = useBerth()
  const client = useQueryClient()
  const notices = useNotices()
  const call = useMutation({
    mutationFn: () => answerOf(berth.POST('/v1/reservations/{id}/keepalive', { params: { path: { id } } })),
    onError: (error) => notices.problem('The keepalive call failed', error),
    onSettled: () => client.invalidateQueries({ queryKey: ['reservations'] }),
  })
  if (until === null || !isMine) return null
  return (
    <Button aria-disabled={call.isPending} onClick={() => call.mutate()}>
      Keep alive
    </Button>
  )
}
