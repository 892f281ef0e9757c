/** What one container needs, from its row and from what runs under its name. */
import type { Action, Situation } from './actions.ts'
import { type Container, SHRUNK } from './container.ts'
import { type Pool, portOf } from './pool.ts'
import type { Observed } from './ports.ts'
import { isActive, type Reservation } from './reservation.ts'

/**
 * Failures in a row after which a held container is given up and replaced, and with it the work in it: after a minute. An
 * engine that shuts down stops its containers and refuses to start them, for a quarter of one, and still answers.
 */
const REPLACE_AFTER = 7

export function planContainer(
  situation: Situation,
  container: Container,
  pool: Pool | undefined,
  here: readonly Observed[],
  holder: Reservation | undefined,
  now: number,
): Action | null {
  const current = here.find((o) => isCurrent(container, o))
  const stale = here.filter((o) => o !== current)
  const wanted = pool !== undefined && portOf(pool, container.number) !== undefined
  switch (container.state) {
    case 'creating':
      if (!wanted) return { do: 'recycle', container, stale: here }
      // Its sshd has answered: it waits for its pool's playbook, see planPlaybooks.
      if (pool.prepare !== null && container.hostKey !== null && current?.state === 'running') return null
      if (container.generation === 0) return adoptOrBuild(situation, pool, container, here)
      return { do: 'build', container, ...(current && { current }), stale }
    case 'ready': {
      if (!wanted) return { do: 'retire', container, reason: SHRUNK }
      if (!current) return { do: 'break', container, reason: 'the container is gone' }
      if (!isUp(current)) return { do: 'break', container, reason: `the container is ${downAs(current)}` }
      const upToDate = current.spec === situation.specDigest(pool, container.number)
      return upToDate ? null : { do: 'retire', container, reason: 'the pool is configured differently' }
    }
    case 'reserved':
      if (!holder || !isActive(holder, now) || isWell(holder, container, current)) return null
      return { do: 'restore', reservation: holder, container, ...(current && { current }), stale }
    case 'removing':
      // Held still means that its holder may be in still: revoking comes first.
      return holder ? null : { do: 'recycle', container, stale: here }
    case 'quarantined':
      return null // Until an admin returns it.
    case 'broken':
      return { do: 'recycle', container, stale: here }
  }
}

/** Whether what runs is the generation that the row speaks of. */
export function isCurrent(container: Container, observed: Observed): boolean {
  if (container.engineId !== null) return observed.id === container.engineId
  return container.generation > 0 && observed.generation === container.generation
}

/**
 * For a place that this database knows nothing of. Only what no manager has handled is adopted: a container with a
 * generation may have had a tenant of whom the database that knew them is gone.
 */
function adoptOrBuild(situation: Situation, pool: Pool, container: Container, here: readonly Observed[]): Action {
  const [only, ...more] = here
  const digest = situation.specDigest(pool, container.number)
  const sound = only?.generation === null && isUp(only) && only.spec === digest && more.length === 0
  return sound ? { do: 'adopt', container, observed: only } : { do: 'build', container, stale: here }
}

function isWell(holder: Reservation, container: Container, current: Observed | undefined): boolean {
  const hold = holder.holds.find((h) => h.container === container.name)
  return current !== undefined && isUp(current) && hold?.opened === container.generation
}

/** Whether it runs and can be reached: somebody may have taken it off its network, and with that its port. */
export function isUp({ state, port }: Observed): boolean {
  return state === 'running' && port !== null
}

/** For people: what is wrong with one that is not up. */
export function downAs({ state }: Observed): string {
  return state === 'running' ? 'cut off from its network' : state
}

/** Whether a held container is to be given up: it is gone, or would not stay up. */
export function isLost(container: Container, current: Observed | undefined): boolean {
  if (container.engineId === null) return false
  return current === undefined || container.attempts >= REPLACE_AFTER
}
