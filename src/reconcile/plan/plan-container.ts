/** Decides what one container needs, from its row and from what the engine lists under its name. */
import type { Action, PlanInput } from './actions.ts'
import { type Container, SHRUNK } from '../../domain/container.ts'
import { isCurrent, protectionOf } from '../ownership/ownership.ts'
import { type Pool, portOf } from '../../domain/pool.ts'
import type { Observed } from '../../ports/engine.ts'
import { isActive, type Reservation } from '../../domain/reservation.ts'

/**
 * Failures in a row after which a reserved container and the work in it are given up and replaced: after a minute. An
 * engine that shuts down stops its containers and refuses to start them for 15 seconds, and still answers.
 */
const REPLACE_AFTER_FAILURES = 7

export function planContainer(
  input: PlanInput,
  container: Container,
  pool: Pool | undefined,
  here: readonly Observed[],
  holder: Reservation | undefined,
  now: number,
): Action | null {
  for (const observed of here) {
    const protection = protectionOf(observed, container, input.ownership)
    if (protection !== null) return blocked(container, protection)
  }
  const current = here.find((o) => isCurrent(container, o, input.ownership.database))
  const stale = here.filter((o) => o !== current)
  const lost = current ? null : describeLoss(container, input.lostNodes)
  const wanted = pool !== undefined && portOf(pool, container.number) !== undefined
  switch (container.state) {
    case 'creating':
      if (!wanted) return { type: 'recycle', container, stale: here }
      if (pool.preparedImage === 'awaited') return null
      // Otherwise it would become ready, made from an image on which the playbook may not have run.
      if (container.generation > 0 && current && isOutdated(input, pool, container, current)) {
        return { type: 'recycle', container, stale: here }
      }
      // Its sshd has answered: it waits for the playbook of its pool, see planPlaybooks.
      if (pool.prepare !== null && container.hostKey !== null && current?.state === 'running') return null
      if (container.generation === 0) return adoptOrBuild(input, pool, container, here)
      // The container that it had is gone, or its node is lost with it: only the next generation can have its name.
      if (container.engineId !== null && !current) return { type: 'recycle', container, stale }
      return { type: 'build', container, ...(current && { current }), stale }
    case 'ready': {
      if (!wanted) return { type: 'retire', container, reason: SHRUNK }
      if (!current) return { type: 'break', container, reason: lost ?? 'the container is gone' }
      if (!isUp(current)) return { type: 'break', container, reason: `the container is ${describeDown(current)}` }
      // It is lent until the image for its replacement exists.
      if (pool.preparedImage === 'awaited' || !isOutdated(input, pool, container, current)) return null
      return { type: 'retire', container, reason: 'the pool is configured differently' }
    }
    case 'reserved':
      if (!holder || !isActive(holder, now) || isServing(holder, container, current)) return null
      return {
        type: 'restore',
        reservation: holder,
        container,
        ...(lost && { reason: lost }),
        ...(current && { current }),
        stale,
      }
    case 'removing':
      // While it has a reservation its tenant may be logged in: revocation comes first.
      return holder ? null : { type: 'recycle', container, stale: here }
    case 'quarantined':
      return null // Until an admin ends the quarantine.
    case 'broken':
      return { type: 'recycle', container, stale: here }
  }
}

/**
 * For a slot in which this database has created nothing. A container is adopted only if `just provision` made it for
 * this database and it was never lent.
 */
function adoptOrBuild(input: PlanInput, pool: Pool, container: Container, here: readonly Observed[]): Action {
  const [only, ...more] = here
  const digest = input.specDigest(pool, container.number)
  const ours = only?.database === input.ownership.database && only.lentTo === null
  const sound = ours && only.generation === null && isUp(only) && only.spec === digest && more.length === 0
  return sound ? { type: 'adopt', container, observed: only } : { type: 'build', container, stale: here }
}

/** Nothing is lent from this slot and nothing in it is touched. Recorded in the row once. */
function blocked(container: Container, why: string): Action | null {
  const reason = `left alone: ${why}`
  const free = container.state === 'creating' || container.state === 'ready'
  return !free && container.error === reason ? null : { type: 'block', container, reason }
}

/** Whether it was made from other settings than those of its pool. */
function isOutdated(input: PlanInput, pool: Pool, { number }: Container, { spec }: Observed): boolean {
  return spec !== input.specDigest(pool, number)
}

function isServing(holder: Reservation, container: Container, current: Observed | undefined): boolean {
  return container.resetAt === null && current !== undefined && isUp(current) && hasAccount(holder, container)
}

/** Whether the tenant's account was made in this generation of the container. */
export function hasAccount(holder: Reservation, { name, generation }: Container): boolean {
  return holder.holds.some((hold) => hold.container === name && hold.accountGeneration === generation)
}

/** Whether it runs and is reachable: a container that was disconnected from its network has no port. */
export function isUp({ state, port }: Observed): boolean {
  return state === 'running' && port !== null
}

/** Describes, for logs and errors, why a container is not up. */
export function describeDown({ state }: Observed): string {
  if (state === 'removing') return 'being removed'
  return state === 'running' ? 'cut off from its network' : state
}

/** Returns why a container is gone; null unless its node was lost. */
function describeLoss({ node }: Container, lostNodes: ReadonlySet<string>): string | null {
  return node !== null && lostNodes.has(node) ? `its node ${node} was lost` : null
}

/** Whether it may run on a node that the engine cannot reach. Its node is recorded when its sshd has answered. */
export function isUnknown({ engineId, node }: Container, unreachable: ReadonlySet<string>): boolean {
  return engineId !== null && unreachable.size > 0 && (node === null || unreachable.has(node))
}

/** Whether a reserved container must be replaced: for a reset, or because it is gone, ends or does not stay up. */
export function isLost(container: Container, current: Observed | undefined): boolean {
  if (container.resetAt !== null) return true
  if (container.engineId === null) return false
  // What is dead or being removed cannot be started again.
  if (current === undefined || current.state === 'dead' || current.state === 'removing') return true
  return container.attempts >= REPLACE_AFTER_FAILURES
}
