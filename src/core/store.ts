/** The port to the database; see `ports.ts` for the others, and for what they have in common. */
import type { Container, ContainerPatch } from './container.ts'
import type { BerthEvent, EventFilter } from './events.ts'
import type { Token } from './identity.ts'
import type { PoolFacts } from './pool.ts'
import type { Outcome, Reservation, ReservationState } from './reservation.ts'
import type { Lent } from './usage.ts'

/** Everything that is decided upon, read in one transaction. */
export interface Snapshot {
  /** Of all pools, in natural order. */
  readonly containers: readonly Container[]
  /** Those that have not ended, oldest first. */
  readonly reservations: readonly Reservation[]
  /** Of pools whose size was changed while they were running: it takes the place of berth.yml's. */
  readonly sizes: ReadonlyMap<string, number>
}

export interface Claim {
  readonly id: string
  readonly pool: string
  readonly count: number
  readonly owner: string
  readonly username: string
  readonly passwordHash: string | null
  readonly sshKeys: readonly string[]
  readonly durationMs: number
  readonly prepareBy: number
  readonly note: string | null
  readonly keepaliveMs: number | null
  /** Until when it may wait for containers, epoch milliseconds; null: now or never. */
  readonly waitUntil: number | null
  /** Most containers that the owner may have at once, these included; null: any number. */
  readonly quota: number | null
  /** What tells a repeated request; null when its sender gave no key. */
  readonly request: RequestKey | null
}

/** How a request that is sent again is known. None of it is a secret, and none leads back to one. */
export interface RequestKey {
  /** Hash of the Idempotency-Key. */
  readonly key: string
  /** Of everything that was asked for, made with the Idempotency-Key. */
  readonly body: string
  /** From it and the Idempotency-Key a generated password can be had again. */
  readonly salt: string
}

/** A request of the last 24 hours, and what came of it. */
export interface EarlierRequest {
  readonly body: string
  readonly salt: string
  readonly held: Held
}

export type Claimed =
  /** Its containers are held, and nothing is open in them yet. */
  | { readonly is: 'held'; readonly held: Held }
  /** In the queue. */
  | { readonly is: 'waiting'; readonly held: Held }
  /** Nothing was taken: that many are ready, and that many reservations wait for them already. */
  | { readonly is: 'short'; readonly available: number; readonly waiting: number }
  /** Nothing was taken: the owner has that many containers. */
  | { readonly is: 'over_quota'; readonly has: number }
  /** Nothing was taken: the same key was used before. */
  | { readonly is: 'repeated'; readonly earlier: EarlierRequest }

interface PoolSize {
  readonly size: number
  /** Whether it takes the place of berth.yml's from now on; otherwise it is berth.yml's, and what took its place is forgotten. */
  readonly pinned: boolean
}

/** How something ends. */
export interface Ending {
  readonly outcome: Outcome
  /** Why, when it failed. */
  readonly reason?: string
  /** Name of the identity that wants it; the manager itself when it is left out. */
  readonly by?: string
  /**
   * Only while it is still as it was seen, in as much as is given here: what was extended, kept alive or taken up since
   * then stays.
   */
  readonly seen?: Partial<Pick<Reservation, 'state' | 'expiresAt' | 'aliveUntil' | 'prepareBy'>>
}

/** Which reservations to list, newest first. */
export interface ReservationFilter {
  readonly state?: ReservationState
  readonly owner?: string
  readonly username?: string
  readonly pool?: string
  /** Only those listed after this one. */
  readonly after?: { readonly createdAt: number; readonly id: string }
  readonly limit: number
}

/** What a reservation holds: the rows of its containers, in natural order. */
export interface Held {
  readonly reservation: Reservation
  readonly containers: readonly Container[]
}

/**
 * What must survive. Each verb is one transaction, and what it changes of a state it also writes down as an event, in
 * the same transaction. `now` is epoch milliseconds, SQL never asks for the time. `by` names the identity that wants it.
 */
export interface Store {
  /**
   * The same object for as long as nothing in it has changed, and it never changes itself: what is made of it can be kept with
   * it. Whatever was committed before it was asked for is in it, whoever did that.
   */
  snapshot(): Promise<Snapshot>
  container(name: string): Promise<Container | null>
  reservation(id: string): Promise<Reservation | null>
  /** With the rows of its containers, as they are now: after its end they may be somebody else's. */
  held(id: string): Promise<Held | null>
  /** Newest first, ended ones too. */
  reservations(filter: ReservationFilter): Promise<Held[]>
  poolFacts(): Promise<ReadonlyMap<string, PoolFacts>>
  recordPoolFacts(pool: string, facts: PoolFacts): Promise<void>
  /**
   * Gives a pool another size. What nobody holds in the places beyond it goes in the same transaction, so that nobody
   * gets it any more. Says no, and changes nothing, when more than that are held now.
   */
  resizePool(pool: string, to: PoolSize, by: string, now: number): Promise<true | { readonly held: number }>

  /** Adds rows of generation 0 in state creating; those that are there already stay as they are. */
  addContainers(places: readonly { pool: string; number: number; port: number }[], now: number): Promise<void>
  /** Applies the patch only while state and generation are still what `seen` says; false when they are not. */
  updateContainer(seen: Container, patch: ContainerPatch, now: number, by?: string): Promise<boolean>
  /** Deletes the row under the same condition. */
  dropContainer(seen: Container, now: number): Promise<boolean>

  /**
   * Takes the `count` lowest ready containers of the pool, all or none, unless others wait for them; a claim that can
   * wait is put at the end of the pool's queue then.
   */
  claim(claim: Claim, now: number): Promise<Claimed>
  /** What became of the request with this key, if it was made in the last 24 hours, and did not fail while it was made. */
  earlier(owner: string, key: string, now: number): Promise<EarlierRequest | null>
  /** waiting -> preparing, for the first of its pool's queue when enough are ready; null for all others. */
  assign(id: string, prepareBy: number, now: number): Promise<Held | null>
  /** Takes up a preparation, or puts it off; null when it is not preparing with exactly that `from` any more. */
  lease(id: string, from: number, to: number): Promise<Held | null>
  /**
   * What a manager of this store's name was preparing that was asked for before this moment is nobody's: it died, and it
   * can be taken up at once. What other managers prepare is theirs until its `prepareBy`.
   */
  forgetPreparers(before: number): Promise<void>
  /** Swaps a container in which the account could not be opened for another ready one; null when there is none. */
  substitute(id: string, container: string, reason: string, now: number): Promise<Container | null>
  /** preparing -> active: its time begins now. null when it was ended meanwhile. */
  activate(id: string, now: number): Promise<Reservation | null>
  /** Moves the end from one time to another; null when it is not active until exactly `from` any more. */
  extend(id: string, from: number, to: number, by: string, now: number): Promise<Reservation | null>
  /** Puts off the moment at which it counts as abandoned; null when that, or its end, has come, or it needs no such calls. */
  keepAlive(id: string, now: number): Promise<Reservation | null>
  /** Notes what its terminals were told of: this end, and how long before it; false when it is not active until then any more. */
  recordTold(id: string, end: number, left: number | null): Promise<boolean>
  /** Notes that the account is open in this generation; false when the container is no longer held by the reservation. */
  recordOpened(id: string, seen: Container): Promise<boolean>
  /**
   * waiting -> ended; preparing | active -> ending, its containers -> removing. What was released before it was active is
   * cancelled. Gives those of them that are ending, since now or before.
   */
  end(ids: readonly string[], ending: Ending, now: number): Promise<Held[]>
  /** ending -> ended, once nobody can log in. */
  finish(id: string, now: number): Promise<boolean>

  /**
   * Takes the work on containers for this store's manager, or keeps it, for that many milliseconds; false while it is
   * another manager's.
   */
  lead(forMs: number, now: number): Promise<boolean>
  /** Leaves that work to whoever asks next. */
  resign(): Promise<void>

  /** Not deleted ones, oldest first. */
  tokens(): Promise<Token[]>
  token(id: string): Promise<Token | null>
  addToken(token: Token, by: string, now: number): Promise<void>
  /** False when there is none. */
  removeToken(id: string, by: string, now: number): Promise<boolean>

  /** Oldest first, and in the order in which they came to be seen: none is ever seen after one with a higher number. */
  events(filter: EventFilter): Promise<BerthEvent[]>
  /** The number of the latest event; 0 before the first. */
  latestEvent(): Promise<number>
  /** Calls soon after events were appended by this process. Returns the stop. */
  onEvents(listener: () => void): () => void
  /** What was lent in this span of time, or waited for in it; of one owner, or of all. */
  lent(from: number, to: number, owner: string | null): Promise<Lent[]>
  /**
   * Deletes at most that many of the oldest reservations that ended before this moment, and of the oldest events from
   * before it; never the latest event. Gives how many.
   */
  prune(before: number, most: number): Promise<{ readonly reservations: number; readonly events: number }>
  close(): Promise<void>
}
