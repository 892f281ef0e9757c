/** What can be done with a reservation. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { answerOf } from '../../../src/client/client.ts'
import { useBerth } from './berth.tsx'

/** Reads lists of reservations again when an action has been answered; the stream says the same, a moment later. */
function useReread() {
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: ['reservations'] })
}

export interface Extension {
  readonly id: string
  /** Like "30m". */
  readonly extend: string
}

export function useExtend() {
  const berth = useBerth()
  const onSettled = useReread()
  return useMutation({
    mutationFn: ({ id, extend }: Extension) =>
      answerOf(berth.PATCH('/v1/reservations/{id}', { params: { path: { id } }, body: { extend } })),
    onSettled,
  })
}

export function useRelease() {
  const berth = useBerth()
  const onSettled = useReread()
  return useMutation({
    mutationFn: (id: string) => answerOf(berth.DELETE('/v1/reservations/{id}', { params: { path: { id } } })),
    onSettled,
  })
}

export function useKeepAlive() {
  const berth = useBerth()
  const onSettled = useReread()
  return useMutation({
    mutationFn: (id: string) => answerOf(berth.POST('/v1/reservations/{id}/keepalive', { params: { path: { id } } })),
    onSettled,
  })
}
