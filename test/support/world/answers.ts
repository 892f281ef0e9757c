/** What clients of a world were answered, so that it can be held to it. */
import assert from 'node:assert/strict'
import { ANONYMOUS } from '../../../src/domain/identity.ts'
import { isActive } from '../../../src/domain/reservation.ts'
import type { ReservationWithContainers, RequestKey } from '../../../src/ports/store.ts'
import type { World } from '../../../lab/world.ts'

const MINUTE = 60_000

export interface Promised {
  readonly id: string
  readonly username: string
  readonly containers: readonly string[]
  readonly keepaliveMs: number | null
  /** Epoch milliseconds; it may be later when an extension went unanswered. */
  readonly until: number
  /** When it counts as abandoned. */
  readonly aliveUntil: number
}

interface Ask {
  readonly count?: number
  readonly minutes?: number
  readonly waitMinutes?: number
  readonly keepaliveMinutes?: number
  readonly key?: RequestKey
}

export class Answers {
  readonly #world: World
  /** By id: reservations that were answered as active, and that nobody has asked to end. */
  readonly #promised = new Map<string, Promised>()
  /** By id: reservations that were answered as waiting. */
  readonly #queued = new Set<string>()
  /** Names of those who were answered that they get nothing. */
  readonly #refused = new Set<string>()
  /** Those that somebody has asked to end: over when that was answered, and either way when it was not. */
  readonly #released = new Set<string>()
  /**
   * Those whose end came while a tick was under way: it may have come too late for that one, and been set back since.
   */
  readonly #swept = new Set<string>()
  /**
   * Names of those who may come back with an Idempotency-Key, or were told to wait: they may be in without an answer.
   */
  readonly #mayComeBack = new Set<string>()

  constructor(world: World) {
    this.#world = world
  }

  /** Gives the id, or null when the answer was an error. */
  async reserve(username: string, ask: Ask = {}): Promise<string | null> {
    const { count = 1, minutes = 10, waitMinutes, keepaliveMinutes, key } = ask
    const pool = this.#world.pools.all()[0]
    assert.ok(pool)
    if (waitMinutes !== undefined || key) this.#mayComeBack.add(username)
    const request = {
      pool,
      username,
      password: 'x',
      count,
      durationMs: minutes * MINUTE,
      ...(waitMinutes !== undefined && { waitMs: waitMinutes * MINUTE }),
      ...(keepaliveMinutes !== undefined && { keepaliveMs: keepaliveMinutes * MINUTE }),
      ...(key && { idempotency: { key, digestOf: () => Buffer.alloc(32) } }),
    }
    const held = await this.#world.reservations.reserve(request, ANONYMOUS).catch(() => null)
    if (!held) {
      this.#refused.add(username)
      return null
    }
    const { id, state } = held.reservation
    // Somebody may have ended it while the answer was on its way.
    if (this.#released.has(id)) return id
    if (state === 'waiting') this.#queued.add(id)
    if (state === 'active') this.#promise(held)
    return id
  }

  /** Those who may be in now, by what they were answered. */
  inTerm(): Promised[] {
    const now = this.#world.now()
    return [...this.#promised.values()].filter(({ until, aliveUntil }) => Math.min(until, aliveUntil) > now)
  }

  /** A tick has ended what was due by then: a clock that is set back brings none of it back. */
  sweep(): void {
    const inTerm = new Set(this.inTerm())
    for (const promised of this.#promised.values()) {
      if (inTerm.has(promised)) continue
      this.#promised.delete(promised.id)
      this.#released.add(promised.id)
      this.#swept.add(promised.id)
    }
  }

  /** Ids of those who were told to wait, and have not heard of it since; in their order. */
  get queued(): readonly string[] {
    return [...this.#queued]
  }

  /** Those who wait, and those whose time seemed to be up, ask what became of it. */
  async askAgain(): Promise<void> {
    for (const id of this.#queued) {
      const { reservation, containers } = await this.#world.reservations.find(id, ANONYMOUS)
      if (reservation.state === 'waiting' || reservation.state === 'preparing') continue
      this.#queued.delete(id)
      if (reservation.state === 'active') this.#promise({ reservation, containers })
    }
    for (const id of this.#swept) {
      const { reservation, containers } = await this.#world.reservations.find(id, ANONYMOUS)
      if (isActive(reservation, this.#world.now())) this.#promise({ reservation, containers })
    }
    this.#swept.clear()
  }

  async extend(id: string, minutes: number): Promise<void> {
    const answer = await this.#world.reservations
      .extend(id, (end) => end + minutes * MINUTE, ANONYMOUS)
      .catch(() => null)
    const promised = this.#promised.get(id)
    if (!answer || !promised) return
    this.#promised.set(id, { ...promised, until: Math.max(promised.until, answer.reservation.expiresAt ?? 0) })
  }

  async keepAlive(id: string): Promise<void> {
    const now = this.#world.now()
    const answered = await this.#world.reservations.keepAlive(id, ANONYMOUS).then(
      () => true,
      () => false,
    )
    const promised = this.#promised.get(id)
    if (answered && promised?.keepaliveMs)
      this.#promised.set(id, { ...promised, aliveUntil: now + promised.keepaliveMs })
  }

  /** When this has answered, nobody is in any more. */
  async release(id: string): Promise<void> {
    const promised = this.#promised.get(id)
    this.#promised.delete(id)
    this.#queued.delete(id)
    this.#released.add(id)
    const released = await this.#world.reservations.release(id, ANONYMOUS).catch(() => null)
    if (!released || !promised) return
    const inside = this.#world.logins().filter((login) => login.startsWith(`${promised.username}@`))
    assert.deepEqual(inside, [], 'released, and still in')
  }

  /**
   * Nothing that was answered is lost, and nobody is in who was told that they get nothing. Whoever got no answer at
   * all may be in, for as long as they asked for.
   */
  async assertKept(): Promise<void> {
    const world = this.#world
    const logins = world.logins()
    for (const [id, { username, containers, until, aliveUntil }] of this.#promised) {
      if (Math.min(until, aliveUntil) <= world.now()) continue
      const held = await world.store.reservationWithContainers(id)
      assert.ok(held && isActive(held.reservation, world.now()), `${username} lost a reservation that was answered`)
      assert.deepEqual(
        held.containers.map((c) => c.name),
        containers,
      )
      for (const name of containers) assert.ok(logins.includes(`${username}@${name}`), `${username} is not in ${name}`)
    }
    for (const id of this.#queued) assert.ok(await world.store.reservation(id), 'what was queued is gone')
    const { reservations } = await world.store.snapshot()
    for (const { id, username, state } of reservations) {
      if (this.#promised.has(id) || this.#released.has(id) || this.#mayComeBack.has(username)) continue
      assert.equal(state, 'active', `${username} was not answered, and holds containers for ever`)
      assert.ok(!this.#refused.has(username), `${username} was refused, and holds containers all the same`)
    }
  }

  /** Once everybody before them has had their time: whoever was told to wait has had theirs, or was told why not. */
  async assertServed(): Promise<void> {
    for (const id of this.#queued) {
      const reservation = await this.#world.store.reservation(id)
      const { activeAt, outcome, reason, username } = reservation ?? {}
      assert.ok(activeAt || outcome === 'cancelled' || (outcome === 'failed' && reason), `${username} was told to wait`)
    }
  }

  #promise({ reservation, containers }: ReservationWithContainers): void {
    const { id, username, count, keepaliveMs, expiresAt, aliveUntil } = reservation
    assert.equal(containers.length, count)
    this.#promised.set(id, {
      id,
      username,
      keepaliveMs,
      containers: containers.map((c) => c.name),
      until: expiresAt ?? 0,
      aliveUntil: aliveUntil ?? Number.POSITIVE_INFINITY,
    })
  }
}
