/** What a reservation is called in lists and messages. */
import type { Reservation } from '../api/types.ts'
import { counted } from '../words/reservation-text.ts'

type Queued = Pick<Reservation, 'name' | 'username' | 'count' | 'pool'>

/** More containers than this are counted instead of named. */
const MAX_NAMES = 3

/** Returns what it waits for: "web: 4 containers of alpine", or "alice: 1 container of alpine" without a name. */
export function queuedText({ name, username, count, pool }: Queued): string {
  return `${name ?? username}: ${counted(count, 'container', 'containers')} of ${pool}`
}

/** Returns the names of its containers: "alpine-1, alpine-2, alpine-3 and 47 more"; its account while it waits. */
export function namesOf({ containers, username, pool }: Pick<Reservation, 'containers' | 'username' | 'pool'>): string {
  if (containers.length === 0) return `${username} in ${pool}`
  const more = containers.length - MAX_NAMES
  const names = containers.slice(0, more === 1 ? MAX_NAMES + 1 : MAX_NAMES).map(({ name }) => name)
  return more > 1 ? `${names.join(', ')} and ${more} more` : names.join(', ')
}
