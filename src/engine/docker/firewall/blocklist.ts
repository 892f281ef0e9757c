/**
 * The addresses that are off the network. Any number of containers is blocked by one nft transaction in the firewall,
 * long before Docker has killed a few of them. What runs inside goes on, but no byte gets in or out.
 */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { Timers } from '../../timers.ts'
import { BLOCK_TTL_MS } from './rules.ts'

/**
 * Interval at which blocked containers are looked up and blocked again: Docker may restart a container at another
 * address, another manager's start empties the list, and without renewal an address leaves it after `BLOCK_TTL_MS`.
 */
const RENEW_MS = 2_000
/** Pause before a failed unblock is tried again. */
const RETRY_MS = 1_000

export interface BlocklistOptions {
  /** Returns the addresses on the instance's networks by container id, as they are now. */
  readonly addresses: () => Promise<ReadonlyMap<string, string>>
  /** One transaction: adds these addresses to the list, or takes them off it. */
  readonly change: (block: readonly string[], unblock: readonly string[]) => Promise<void>
  readonly timers: Timers
}

/** A container that is off the network until it is dead. */
interface Entry {
  /** Which may be on the list for it. */
  address: string | null
  isDead: boolean
}

interface Unblocking {
  readonly since: number
  /** The error of the first attempt, or null. */
  readonly tried: PromiseWithResolvers<unknown>
}

/**
 * Docker gives the address of a dead container to the next one at once, which must not be off the network. So an
 * address leaves the list three ways: when its container is dead (tried again until it succeeds), when a container
 * starts at it (`clear`, which fails loudly), and after `BLOCK_TTL_MS` by itself, for managers that were killed in
 * between.
 */
export class Blocklist {
  readonly #options: BlocklistOptions
  readonly #entries = new Map<string, Entry>()
  #toBlock = new Map<string, PromiseWithResolvers<boolean>>()
  /** By address. */
  #toUnblock = new Map<string, Unblocking>()
  /** By address. Only the worker changes it. */
  readonly #failed = new Map<string, Unblocking>()
  #isWorking = false
  #isRenewing = false
  #isRetrying = false
  #isRetryDue = false

  constructor(options: BlocklistOptions) {
    this.#options = options
  }

  /**
   * Takes a container off the network, and keeps it off until `died` or `release`. Resolves when that was tried: false
   * when it failed, or when the container has no address. Never rejects: the container is killed all the same.
   */
  async block(id: string): Promise<boolean> {
    const request = this.#toBlock.get(id) ?? Promise.withResolvers<boolean>()
    this.#toBlock.set(id, request)
    if (!this.#entries.has(id)) this.#entries.set(id, { address: null, isDead: false })
    this.#wake()
    void this.#renew()
    return request.promise
  }

  /** Takes the address of a dead container off the list, and tries again until that succeeds. */
  died(id: string): void {
    const entry = this.#entries.get(id)
    this.#entries.delete(id)
    if (entry === undefined) return
    entry.isDead = true
    if (entry.address !== null) this.#unblockUnlessTaken(entry.address)
  }

  /**
   * Stops renewing: the kill was given up. The container stays off the network for `BLOCK_TTL_MS`, or until the next
   * kill.
   */
  release(id: string): void {
    this.#entries.delete(id)
  }

  /** Takes an address off the list that a container has started at. Throws when that failed. */
  async clear(address: string): Promise<void> {
    const error = await this.#unblock(address).tried.promise
    if (error !== null) throw error
  }

  /** Another container that must stay off the network may have the address by now. */
  #unblockUnlessTaken(address: string): void {
    const isTaken = [...this.#entries.values()].some((entry) => entry.address === address)
    if (!isTaken) this.#unblock(address)
  }

  #unblock(address: string): Unblocking {
    const unblocking = this.#toUnblock.get(address) ?? {
      since: this.#options.timers.now(),
      tried: Promise.withResolvers<unknown>(),
    }
    this.#toUnblock.set(address, unblocking)
    this.#wake()
    return unblocking
  }

  #wake(): void {
    if (this.#isWorking) return
    this.#isWorking = true
    void this.#work()
  }

  async #work(): Promise<void> {
    // Requests of one turn of the event loop share a transaction.
    await yieldToEventLoop()
    while (this.#toBlock.size + this.#toUnblock.size > 0 || this.#isRetryDue) {
      // In this order: a container that is looked up afterwards has its address later than the dead one had it.
      await this.#unblockAll()
      await this.#blockAll()
    }
    this.#isWorking = false
  }

  async #unblockAll(): Promise<void> {
    const unblockings = new Map([...(this.#isRetryDue ? this.#failed : []), ...this.#toUnblock])
    this.#isRetryDue = false
    if (unblockings.size === 0) return
    this.#toUnblock = new Map()
    const error: unknown = await this.#options.change([], [...unblockings.keys()]).then(
      () => null,
      (reason: unknown) => reason,
    )
    for (const [address, unblocking] of unblockings) {
      unblocking.tried.resolve(error)
      const isOver = error === null || this.#options.timers.now() - unblocking.since >= BLOCK_TTL_MS
      if (isOver) this.#failed.delete(address)
      else this.#failed.set(address, unblocking)
    }
    void this.#retry()
  }

  async #blockAll(): Promise<void> {
    const requests = this.#toBlock
    if (requests.size === 0) return
    this.#toBlock = new Map()
    const entries = [...requests.keys()].map((id) => [id, this.#entries.get(id)] as const)
    const addresses = await this.#options.addresses().catch(() => new Map<string, string>())
    const found = entries.flatMap(([id, entry]) => {
      const address = addresses.get(id)
      return entry !== undefined && address !== undefined ? [{ entry, address }] : []
    })
    // Their containers are dead: these addresses are taken again, by containers that must stay off the network, too.
    for (const { address } of found) this.#failed.delete(address)
    const blocked = found.map(({ address }) => address)
    const isBlocked =
      blocked.length > 0 &&
      (await this.#options.change(blocked, []).then(
        () => true,
        () => false,
      ))
    for (const { entry, address } of found) {
      const before = entry.address
      // Also after a failure: an answer that did not come in time says nothing.
      entry.address = address
      if (entry.isDead) this.#unblockUnlessTaken(address)
      if (before !== null && before !== address) this.#unblockUnlessTaken(before)
    }
    for (const [id, request] of requests) request.resolve(isBlocked && addresses.has(id))
  }

  async #renew(): Promise<void> {
    if (this.#isRenewing) return
    this.#isRenewing = true
    while (this.#entries.size > 0) {
      await this.#options.timers.sleep(RENEW_MS)
      for (const id of this.#entries.keys()) void this.block(id)
    }
    this.#isRenewing = false
  }

  async #retry(): Promise<void> {
    if (this.#isRetrying || this.#failed.size === 0) return
    this.#isRetrying = true
    await this.#options.timers.sleep(RETRY_MS)
    this.#isRetrying = false
    this.#isRetryDue = this.#failed.size > 0
    if (this.#isRetryDue) this.#wake()
  }
}
