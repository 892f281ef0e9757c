/** The port to what must survive: reservations, containers, events, tokens. */
import type { Container, ContainerPatch } from '../domain/container.ts'
import type { BerthEvent, EventFilter } from '../domain/event.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { PoolFacts } from '../domain/pool.ts'
import type { Outcome, Reservation, ReservationState } from '../domain/reservation.ts'
import type { UsageRecord } from '../domain/usage.ts'
import type { DoorStore } from './store/doors.ts'
import type { HistoryStore } from './store/history.ts'
import type { LeadershipStore } from './store/leadership.ts'
import type { RequestCountStore } from './store/request-counts.ts'
import type { SecretStore } from './store/secret.ts'
import type { SessionStore } from './store/sessions.ts'
import type { TerminalStore } from './store/terminals.ts'
import type { TokenStore } from './store/tokens.ts'

/** A reservation to make. With `waitUntil` it may wait for containers; with null it does not. */
export interface Claim
  extends Pick<
    Reservation,
    | 'id'
    | 'pool'
    | 'count'
    | 'owner'
    | 'username'
    | 'passwordHash'
    | 'sshKeys'
    | 'durationMs'
    | 'prepareBy'
    | 'note'
    | 'name'
    | 'keepaliveMs'
    | 'waitUntil'
  > {
  /** Maximum number of containers that the owner may have at once, these included; null: any number. */
  readonly quota: number | null
  /** Identifies a repeated request; null without an Idempotency-Key. */
  readonly request: RequestKey | null
}

/** Identifies a request that is sent again. No part of it is a secret, or leads back to one. */
export interface RequestKey {
  /** Hash of the Idempotency-Key. */
  readonly key: string
  /** Digest of the whole request, keyed with the Idempotency-Key. */
  readonly body: string
  /**
   * With the Idempotency-Key and the managers' secret it yields the generated password again. The part before the colon
   * names that secret.
   */
  readonly salt: string
}

/** A request of the last 24 hours, and its result. */
export interface EarlierRequest {
  readonly body: string
  readonly salt: string
  readonly result: ReservationWithContainers
}

export type Claimed =
  /** Its containers are reserved, and have no account yet. */
  | { readonly kind: 'claimed'; readonly result: ReservationWithContainers }
  /** In the queue. */
  | { readonly kind: 'waiting'; readonly result: ReservationWithContainers }
  /** Nothing was reserved: `available` containers are ready, and `waiting` reservations are queued for them. */
  | { readonly kind: 'short'; readonly available: number; readonly waiting: number }
  /** Nothing was reserved: the owner already holds `has` containers. */
  | { readonly kind: 'over_quota'; readonly has: number }
  /** Nothing was reserved: the owner has the maximum number of reservations in the queue. */
  | { readonly kind: 'queue_full'; readonly most: number }
  /** Nothing was reserved: the owner's open reservation `holder` has the name. */
  | { readonly kind: 'name_taken'; readonly holder: string }
  /** Nothing was reserved: the same key was used before. */
  | { readonly kind: 'repeated'; readonly earlier: EarlierRequest }

/** A claim that took nothing, other than a repeated request. */
export type RefusedClaim = Extract<Claimed, { kind: 'short' | 'over_quota' | 'queue_full' | 'name_taken' }>

/** A slot that has no row yet. */
export interface NewSlot {
  readonly pool: string
  readonly number: number
  readonly port: number
}

/** How a reservation is put on hold: its end moves from one time to another. */
export interface HoldTerms {
  readonly from: number
  readonly to: number
  /** Maximum number of containers of the pool on hold at once. */
  readonly mostContainers: number
}

interface PoolSize {
  readonly size: number
  /** Whether it overrides the size in berth.yml from now on; otherwise it is that size, and an override is removed. */
  readonly pinned: boolean
}

/** How a reservation ends. */
export interface Ending {
  readonly outcome: Outcome
  /** Why, when it failed. */
  readonly reason?: string
  /** Name of the identity that asked for it; the manager itself when left out. */
  readonly by?: string
  /**
   * Ends the reservation only while these fields are unchanged: one that was extended, kept alive or taken over since
   * it was read goes on.
   */
  readonly seen?: Partial<Pick<Reservation, 'state' | 'expiresAt' | 'aliveUntil' | 'prepareBy'>>
}

/** Which reservations to list, newest first. */
export interface ReservationFilter {
  readonly states?: readonly ReservationState[]
  readonly owner?: string
  readonly username?: string
  readonly pool?: string
  /** Only those listed after this one. */
  readonly after?: { readonly createdAt: number; readonly id: string }
  readonly limit: number
}

/** A reservation with the rows of its containers, in natural order. */
export interface ReservationWithContainers {
  readonly reservation: Reservation
  readonly containers: readonly Container[]
}

/**
 * Each verb is one transaction, and appends an event for each change of a state in that transaction. `now` is epoch
 * milliseconds: SQL never asks for the time. `by` names the identity that asked.
 */
export interface Store
  extends LeadershipStore,
    DoorStore,
    HistoryStore,
    SessionStore,
    TokenStore,
    TerminalStore,
    RequestCountStore,
    SecretStore {
  /**
   * Returns the containers, open reservations and pool sizes, with everything that was committed before the call.
   * Returns the same immutable object while nothing has changed, so callers can cache what they derive from it.
   */
  snapshot(): Promise<Snapshot>
  container(name: string): Promise<Container | null>
  reservation(id: string): Promise<Reservation | null>
  /** The containers are as they are now: after the end of the reservation they may belong to another one. */
  reservationWithContainers(id: string): Promise<ReservationWithContainers | null>
  /** Newest first, ended ones too. */
  reservations(filter: ReservationFilter): Promise<ReservationWithContainers[]>
  poolFacts(): Promise<ReadonlyMap<string, PoolFacts>>
  recordPoolFacts(pool: string, facts: PoolFacts): Promise<void>
  /**
   * Changes the size of a pool. Free containers in slots beyond it are retired in the same transaction, so that they
   * are not lent any more. Returns the number of reserved containers, and changes nothing, when more than `to.size` are
   * reserved.
   */
  resizePool(pool: string, to: PoolSize, by: string, now: number): Promise<true | { readonly reserved: number }>

  /** Adds rows of generation 0 in state creating; existing rows stay as they are. */
  addContainers(slots: readonly NewSlot[], now: number): Promise<void>
  /** Applies the patch if state and generation are unchanged since `seen`; returns false if they are not. */
  updateContainer(seen: Container, patch: ContainerPatch, now: number, by?: string): Promise<boolean>
  /** Deletes the row under the same condition. */
  dropContainer(seen: Container, now: number): Promise<boolean>

  /**
   * Reserves the `count` ready containers of the pool with the lowest numbers, all or none, unless other reservations
   * wait for them. A claim that may wait joins the end of the pool's queue instead.
   */
  claim(claim: Claim, now: number): Promise<Claimed>
  /** Returns the request of the last 24 hours with this key, unless it failed before it was answered. */
  earlier(owner: string, key: string, now: number): Promise<EarlierRequest | null>
  /** waiting -> preparing, if it is first in its pool's queue and enough containers are ready; else null. */
  assign(id: string, prepareBy: number, now: number): Promise<ReservationWithContainers | null>
  /**
   * Takes over a preparation, or postpones its deadline from `from` to `to`; null if `prepareBy` is not `from` any
   * more.
   */
  takeOverPreparation(id: string, from: number, to: number): Promise<ReservationWithContainers | null>
  /** Replaces a container in which the account could not be made by another ready one; null when there is none. */
  substitute(id: string, container: string, reason: string, now: number): Promise<Container | null>
  /** preparing -> active: its time begins now. null when it has ended since. */
  activate(id: string, now: number): Promise<Reservation | null>
  /** Moves the end from one time to another; null when its end is not `from` any more. */
  extend(id: string, from: number, to: number, by: string, now: number): Promise<Reservation | null>
  /**
   * Puts it on hold: moves its end and drops its keepalive. `full` if more than `mostContainers` of its pool would be
   * on hold; null if its end is no longer `from`, or it was on hold before.
   */
  putOnHold(id: string, to: HoldTerms, by: string, now: number): Promise<Reservation | 'full' | null>
  /** Sets its note; null removes it. Returns null if the reservation is ending, has ended or does not exist. */
  setNote(id: string, note: string | null, by: string, now: number): Promise<Reservation | null>
  /** Postpones the time at which it counts as abandoned; null after that time or its end, or without a keepalive. */
  keepAlive(id: string, now: number): Promise<Reservation | null>
  /**
   * Counts `now` as the last keepalive call of every reservation that is not over: while no manager served, no call
   * could arrive.
   */
  renewKeepalives(now: number): Promise<void>
  /**
   * Records that the tenant was notified of this end, `left` milliseconds before it; false when its end is another one.
   */
  recordNotified(id: string, end: number, left: number | null): Promise<boolean>
  /** Records that this generation has the account; false when the reservation does not have the container any more. */
  recordAccount(id: string, seen: Container): Promise<boolean>
  /**
   * waiting -> ended; preparing | active -> ending, its containers -> removing. A reservation that is released before
   * it was active is cancelled. Returns those that are ending, since now or before.
   */
  end(ids: readonly string[], ending: Ending, now: number): Promise<ReservationWithContainers[]>
  /** ending -> ended, after access was revoked. */
  finish(id: string, now: number): Promise<boolean>

  /** Returns the identity of this database, which its containers bear. */
  databaseId(): Promise<string>
  /** Returns the instance that managers of this database served last; null if none has listed its containers yet. */
  servedInstance(): Promise<string | null>
  /**
   * Records that this database relies on this ledger. If it relied on another one, that record is lost: retires the
   * free containers for this reason, because they may have had a tenant. Returns how many.
   */
  useLedger(which: { readonly ledger: string; readonly instance: string }, reason: string, now: number): Promise<number>
  /**
   * Gives this database another identity than `from`, because a manager serves another database of that identity. Drops
   * the rows of all containers and ends all reservations as failed for this reason. Returns the identity.
   */
  renewIdentity(from: string, reason: string, now: number): Promise<string>

  /** Oldest first. Numbers commit in order: a reader never sees an event after one with a higher number. */
  events(filter: EventFilter): Promise<BerthEvent[]>
  /** Returns the number of the latest event; 0 before the first. */
  latestEvent(): Promise<number>
  /** Calls the listener soon after this process appended events. Returns the function that stops it. */
  onEvents(listener: () => void): () => void
  /** Returns what was lent or waited for between two times, of one owner or of all. */
  usageRecords(from: number, to: number, owner: string | null): Promise<UsageRecord[]>
  /**
   * Deletes up to `most` of the oldest reservations that ended before this time, and of the oldest events and counts of
   * refusals from before it; never the latest event. Returns how many reservations and events.
   */
  prune(before: number, most: number): Promise<{ readonly reservations: number; readonly events: number }>
  close(): Promise<void>
}
