/** Input and output of the planner. */
import type { Container } from '../../domain/container.ts'
import type { Notification } from '../../domain/session/notification.ts'
import type { Ownership } from '../ownership/ownership.ts'
import type { Pool } from '../../domain/pool.ts'
import type { PeerName } from '../../ports/accounts.ts'
import type { Observed, PeerNetwork } from '../../ports/engine.ts'
import type { NewSlot } from '../../ports/store.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { SpecDigest } from '../spec-digests.ts'
import type { WorkKey } from '../work-keys.ts'
import type { Outcome, Reservation } from '../../domain/reservation.ts'

/** What ends access. */
export type EndAction =
  /** Its time is up, or its preparation was interrupted. */
  | { readonly type: 'end'; readonly reservation: Reservation; readonly outcome: Outcome; readonly reason?: string }
  /** Revoke access, then record the end. */
  | { readonly type: 'revoke'; readonly reservation: Reservation; readonly containers: readonly Container[] }

export type Action =
  | EndAction
  /** It is the first of its pool's queue, and there are enough ready containers for it. */
  | { readonly type: 'assign'; readonly reservation: Reservation }
  /** The manager that was activating it has stopped, and its caller may come back for it. */
  | { readonly type: 'resume'; readonly reservation: Reservation }
  /** Add rows for slots that a pool should have. */
  | { readonly type: 'add'; readonly slots: readonly NewSlot[] }
  /** Take over what `just provision` made here. */
  | { readonly type: 'adopt'; readonly container: Container; readonly observed: Observed }
  /** Bring up what should run here, from wherever it stands. `stale` is in the way and goes first. */
  | {
      readonly type: 'build'
      readonly container: Container
      readonly current?: Observed
      readonly stale: readonly Observed[]
    }
  /** Run the pool's playbook on all its new containers at once. */
  | { readonly type: 'prepare'; readonly pool: Pool; readonly containers: readonly Container[] }
  /** Run the pool's playbook on a temporary container, and make an image from it. `stale` is in the way. */
  | { readonly type: 'makeImage'; readonly missing: MissingImage; readonly stale: readonly Observed[] }
  /** Destroy what is here, and make the next generation, or drop the slot when the pool has shrunk. */
  | { readonly type: 'recycle'; readonly container: Container; readonly stale: readonly Observed[] }
  /** What runs here must be left alone: the slot is out of use. */
  | { readonly type: 'block'; readonly container: Container; readonly reason: string }
  /** A ready container that cannot be lent. */
  | { readonly type: 'break'; readonly container: Container; readonly reason: string }
  /** A ready container that is sound, but not what the pool wants any more. */
  | { readonly type: 'retire'; readonly container: Container; readonly reason: string }
  /** A reserved container is down, was replaced or must be reset: start one, and make its account again. */
  | {
      readonly type: 'restore'
      readonly reservation: Reservation
      readonly container: Container
      /** Why it must be replaced, for its holder. */
      readonly reason?: string
      readonly current?: Observed
      readonly stale: readonly Observed[]
    }
  /** Notify the tenant in these containers that the end is near or was moved. */
  | {
      readonly type: 'notify'
      readonly reservation: Reservation
      readonly notification: Notification
      readonly containers: readonly Container[]
    }
  /** Connect containers of a reservation to its network. */
  | {
      readonly type: 'connectPeers'
      readonly reservation: Reservation
      readonly members: readonly { readonly container: Container; readonly position: number }[]
    }
  /**
   * Write the peers' names into these containers. `version` changes with what is written, and with each start of the
   * container.
   */
  | {
      readonly type: 'writePeerNames'
      readonly reservation: Reservation
      readonly peers: readonly PeerName[]
      readonly containers: readonly { readonly container: Container; readonly version: string }[]
    }
  /** The containers of its reservation are gone: remove the network. */
  | { readonly type: 'removePeerNetwork'; readonly network: PeerNetwork }
  /** It has our label and no row. */
  | { readonly type: 'sweep'; readonly observed: Observed }

/** A prepared image that must be made. */
export interface MissingImage {
  /** As in berth.yml: with the base image, and the playbook. */
  readonly pool: Pool
  readonly image: string
}

export interface PlanInput {
  /** With their current sizes and images. */
  readonly pools: readonly Pool[]
  readonly missingImages: readonly MissingImage[]
  readonly snapshot: Snapshot
  /** Listed after the snapshot was read. */
  readonly observed: readonly Observed[]
  /** Names of the nodes on which the state of the containers is unknown: rows there are left alone. */
  readonly unreachable: ReadonlySet<string>
  /** Names of the nodes whose containers count as gone, because the engine has not reached them for too long. */
  readonly lostNodes: ReadonlySet<string>
  /** Networks of reservations, of all databases. */
  readonly peerNetworks: readonly PeerNetwork[]
  /** Version of the peers' names that each container has, by engine id. */
  readonly peerNames: ReadonlyMap<string, string>
  readonly specDigest: SpecDigest
  readonly ownership: Ownership
  /** What is being worked on, and stays out of the plan. */
  readonly busy: ReadonlySet<WorkKey>
}
