/** What the planner is told, and what it can say. */
import type { Container } from './container.ts'
import type { Notice } from './notices.ts'
import type { Pool } from './pool.ts'
import type { Observed } from './ports.ts'
import type { Snapshot } from './store.ts'
import type { Outcome, Reservation } from './reservation.ts'

export type Action =
  /** Its time is up, or its preparation died. */
  | { readonly do: 'end'; readonly reservation: Reservation; readonly outcome: Outcome; readonly reason?: string }
  /** It is the first of its pool's queue, and there are enough ready containers for it. */
  | { readonly do: 'assign'; readonly reservation: Reservation }
  /** Whoever was letting its holder in is dead; somebody may come back for it. */
  | { readonly do: 'open'; readonly reservation: Reservation }
  /** Cut access, then call it ended. */
  | { readonly do: 'revoke'; readonly reservation: Reservation; readonly containers: readonly Container[] }
  /** Rows for places that a pool should have. */
  | { readonly do: 'add'; readonly places: readonly { pool: string; number: number; port: number }[] }
  /** Take over what `just provision` made here. */
  | { readonly do: 'adopt'; readonly container: Container; readonly observed: Observed }
  /** Bring up what should run here, from wherever it stands. `stale` is in the way and goes first. */
  | {
      readonly do: 'build'
      readonly container: Container
      readonly current?: Observed
      readonly stale: readonly Observed[]
    }
  /** Run the pool's playbook on all its new containers at once. */
  | { readonly do: 'prepare'; readonly pool: Pool; readonly containers: readonly Container[] }
  /** Destroy what is here, and make the next generation, or drop the place when the pool has shrunk. */
  | { readonly do: 'recycle'; readonly container: Container; readonly stale: readonly Observed[] }
  /** A ready container that cannot be given to anyone. */
  | { readonly do: 'break'; readonly container: Container; readonly reason: string }
  /** A ready container that is sound, but not what the pool wants any more. */
  | { readonly do: 'retire'; readonly container: Container; readonly reason: string }
  /** A held container is down or was replaced: make it run, and its account with it. */
  | {
      readonly do: 'restore'
      readonly reservation: Reservation
      readonly container: Container
      readonly current?: Observed
      readonly stale: readonly Observed[]
    }
  /** The holder has not heard yet that the end comes near, or that it was moved; in these containers that can be said. */
  | {
      readonly do: 'tell'
      readonly reservation: Reservation
      readonly notice: Notice
      readonly containers: readonly Container[]
    }
  /** Ours by its label, but nobody's. */
  | { readonly do: 'sweep'; readonly observed: Observed }

export interface Situation {
  readonly pools: readonly Pool[]
  readonly snapshot: Snapshot
  /** null when the engine was not asked or did not answer: then only what needs no look at it is planned. */
  readonly observed: readonly Observed[] | null
  /** The digest that a container of this place would bear if it were made now. */
  readonly specDigest: (pool: Pool, number: number) => string
  /** Names of containers that something is being done to, and the like; see `Executor.busy`. */
  readonly busy: ReadonlySet<string>
}
