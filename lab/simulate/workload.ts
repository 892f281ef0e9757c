/**
 * A day of users: six in ten are students, whose classes begin on the hour; three run CI jobs, which come in bursts;
 * one is an agent, with short reservations that it keeps alive.
 */
import type { Random } from './random.ts'
import type { SeenReservation } from './ledger.ts'
import type { Timeline } from './timeline.ts'
import type { Users } from './user.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const CLASS_SIZE = 30
/** Students reserve within this time from the beginning of their class. */
const ARRIVAL_MS = 2 * MINUTE
/** Mean time between two bursts of one CI user, and between two reservations of one agent. */
const BURST_EVERY_MS = 4 * HOUR
const AGENT_EVERY_MS = HOUR
/** Maximum number of jobs in a burst. */
const MAX_JOBS = 4
/** Interval at which a user in the queue reads the reservation. */
const ASK_EVERY_MS = MINUTE

interface WorkloadDeps {
  readonly timeline: Timeline
  readonly users: Users
  readonly random: Random
  /** Names of pools. */
  readonly pools: readonly string[]
}

export class Workload {
  readonly #deps: WorkloadDeps

  constructor(deps: WorkloadDeps) {
    this.#deps = deps
  }

  /** Plans what this many users do in the hours from now. */
  plan(users: number, hours: number): void {
    const { timeline, random } = this.#deps
    const until = timeline.now() + hours * HOUR
    for (let index = 0; index < users; index += 1) {
      const user = `user${index}`
      const kind = index % 10
      if (kind < 6) this.#student(user, Math.floor(index / CLASS_SIZE), hours)
      else if (kind < 9) this.#every(BURST_EVERY_MS, until, () => this.#burst(user, random.between(1, MAX_JOBS)))
      else this.#every(AGENT_EVERY_MS, until, () => this.#agent(user))
    }
  }

  /** Each class takes place once. The simulation begins ten minutes before an hour. */
  #student(user: string, course: number, hours: number): void {
    const { timeline, users, random } = this.#deps
    const at = timeline.now() + 10 * MINUTE + (course % Math.ceil(hours)) * HOUR + random.between(0, ARRIVAL_MS)
    const [isExtended, isReleased, releaseAfterMs] = [
      random.chance(0.2),
      random.chance(0.5),
      random.between(30, 44) * MINUTE,
    ]
    timeline.at(at, async () => {
      const wanted = { user, pool: this.#pool(course), duration: '45m', wait: '10m' }
      const seen = await this.#active(user, await users.reserve(wanted))
      if (seen === null) return
      if (isExtended) this.#after(12 * MINUTE, async () => void (await users.extend(user, seen.id, '10m')))
      if (isReleased) this.#after(releaseAfterMs, () => users.release(user, seen.id))
    })
  }

  /** CI jobs of one push, at once. One in twenty crashes without a release. */
  async #burst(user: string, jobs: number): Promise<void> {
    const { users, random } = this.#deps
    for (let job = 0; job < jobs; job += 1) {
      const pool = this.#pool(random.between(0, 1_000))
      const [count, crashes, durationMs] = [random.between(1, 3), random.chance(0.05), random.between(60, 480) * SECOND]
      const seen = await users.reserve({ user, pool, count, duration: '10m', wait: '2m' })
      if (seen !== null && !crashes) this.#after(durationMs, () => users.release(user, seen.id))
    }
  }

  /** One in five crashes after some keepalive calls, so its reservation is abandoned. */
  async #agent(user: string): Promise<void> {
    const { users, random } = this.#deps
    const [pool, calls, crashes] = [this.#pool(random.between(0, 1_000)), random.between(1, 4), random.chance(0.2)]
    const seen = await users.reserve({ user, pool, duration: '15m', keepalive: '2m' })
    if (seen === null) return
    for (let call = 1; call <= calls; call += 1) {
      this.#after(call * MINUTE, async () => void (await users.keepAlive(user, seen.id)))
    }
    if (!crashes) this.#after((calls + 0.5) * MINUTE, () => users.release(user, seen.id))
  }

  /** Returns the reservation once it is active, or null if it ended before. */
  async #active(user: string, seen: SeenReservation | null): Promise<SeenReservation | null> {
    const { timeline, users } = this.#deps
    let latest = seen
    while (latest !== null && (latest.state === 'waiting' || latest.state === 'preparing')) {
      await timeline.sleep(ASK_EVERY_MS)
      latest = await users.show(user, latest.id)
    }
    return latest?.state === 'active' ? latest : null
  }

  #every(mean: number, until: number, work: () => Promise<void>): void {
    const { timeline, random } = this.#deps
    const next = timeline.now() + random.untilNext(mean)
    if (next >= until) return
    timeline.at(next, async () => {
      await work()
      this.#every(mean, until, work)
    })
  }

  #after(ms: number, work: () => Promise<void>): void {
    const { timeline } = this.#deps
    timeline.at(timeline.now() + ms, work)
  }

  #pool(index: number): string {
    const { pools } = this.#deps
    return pools[index % pools.length] ?? ''
  }
}
