/** The part of the store by which doors show that they have closed the connections that are over. */

/** What a gateway publishes about itself at each renewal of its row. Times are epoch milliseconds of the database. */
interface GatewayHeartbeat {
  /** Host name of its machine, and the address on which it listens. */
  readonly address: string
  readonly startedAt: number
  /** The gateway counts as dead or frozen after this time, unless it renews its row. */
  readonly until: number
}

/** A gateway or a manager. */
export interface DoorRecord {
  readonly kind: 'gateway' | 'manager'
  /** A UUID, different for each start. */
  readonly name: string
  /** 0 for a manager that does not renew its row. Epoch milliseconds. */
  readonly until: number
  /** The latest change up to which it has closed what was over; 0 before the first. */
  readonly appliedChange: number
  /** Whether it is this store's gateway or manager. */
  readonly isOwn: boolean
}

/** Part of `Store`, whose rules for verbs apply here. No verb of it appends an event or changes a snapshot. */
export interface DoorStore {
  /** Returns the number of the latest change of the database; 0 before the first. Numbers commit in order. */
  latestChange(): Promise<number>
  /** Adds or renews the row of this store's gateway. Where the database allows that, it waits for no other writer. */
  renewGateway(heartbeat: GatewayHeartbeat): Promise<void>
  /** Removes the row of this store's gateway, which has no connections any more. */
  removeGateway(): Promise<void>
  /** Records that this store's gateway or manager has closed everything that was over at this change. */
  recordApplied(kind: DoorRecord['kind'], change: number): Promise<void>
  /** Returns all doors, including those that have not renewed their rows in time. */
  doors(): Promise<DoorRecord[]>
  /** Deletes the rows of gateways that were last renewed to a time before this one. */
  forgetGateways(before: number): Promise<void>
}
