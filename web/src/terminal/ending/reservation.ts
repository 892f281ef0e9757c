/** The reservation that a terminal belongs to. */
import { useOpenReservations } from '../../api/lists.ts'
import type { Reservation } from '../../api/types.ts'
import type { Held } from './warning.ts'

/** Returns the active reservations that hold some containers, each once. */
export function useAllHeld(containers: readonly string[]): readonly Held[] {
  const { data = [] } = useOpenReservations()
  return data.flatMap(asHeld).filter(({ reservation }) => {
    return reservation.containers.some(({ name }) => containers.includes(name))
  })
}

/** Returns the reservation that holds a container now; null if none does, or while that is not known. */
export function useHeld(container: string): Held | null {
  return useAllHeld([container])[0] ?? null
}

function asHeld(reservation: Reservation): Held[] {
  const { state, active_at, expires_at } = reservation
  if (state !== 'active' || active_at === null || expires_at === null) return []
  return [{ reservation, activeAt: active_at, expiresAt: expires_at }]
}
