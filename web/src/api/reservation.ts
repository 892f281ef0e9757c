/** A single reservation, which may have ended long ago. */
import { useQuery } from '@tanstack/react-query'
import { useApi } from './berth.tsx'
import type { Event, Reservation } from './types.ts'

export function useReservation(id: string) {
  const { lists } = useApi()
  return useQuery({
    queryKey: ['reservations', 'one', id],
    queryFn: ({ signal }) => lists.read<Reservation>(`/v1/reservations/${encodeURIComponent(id)}`, signal),
  })
}

/** Returns the latest 500 events of a reservation, oldest first. A long one has a few dozen. */
export function useReservationEvents(id: string) {
  const { lists } = useApi()
  return useQuery({
    queryKey: ['events', 'reservation', id],
    queryFn: ({ signal }) =>
      lists.read<{ events: Event[] }>(`/v1/events?reservation=${encodeURIComponent(id)}&tail=500`, signal),
    select: ({ events }) => events,
  })
}
