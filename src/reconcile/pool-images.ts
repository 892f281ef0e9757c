/** Finds out which image each pool with `prepare_image` uses, and which images must be made. */
import type { Clock } from '../ports/clock.ts'
import { reasonOf } from '../domain/errors.ts'
import type { InstanceConfig, Pool } from '../domain/pool.ts'
import type { Pools } from '../domain/pools.ts'
import type { Accounts } from '../ports/accounts.ts'
import type { Engine } from '../ports/engine.ts'
import type { Log } from '../ports/log.ts'
import type { MissingImage } from './plan/actions.ts'

/** Interval at which playbooks and base images are compared with the images that were made from them. */
const CHECK_INTERVAL_MS = 30_000
/** The same while an image cannot be made: a user is probably fixing the playbook. */
const FAILING_CHECK_INTERVAL_MS = 2_000
/** Pause before the same image is tried again: a package mirror may have been down. */
const RETRY_MS = 10 * 60_000

export interface PoolImagesDeps {
  readonly instance: InstanceConfig
  readonly pools: Pools
  readonly engine: Pick<Engine, 'imageNamed' | 'preparedImages' | 'removePreparedImages'>
  readonly accounts: Pick<Accounts, 'playbookVersion' | 'preparationDigest'>
  readonly clock: Clock
  readonly log: Log
}

/** Images of one pool. */
interface Found {
  /** Image to create containers from; null: it cannot be made; undefined: it is awaited. */
  readonly use: string | null | undefined
  /** Image to make. */
  readonly missing: string | null
  /** Whether there are older images, which no new container will use. */
  readonly hasOld: boolean
}

interface Failure {
  readonly image: string
  readonly reason: string
  readonly retryAt: number
}

export class PoolImages {
  readonly #deps: PoolImagesDeps
  readonly #found = new Map<string, Found>()
  /** By pool. Contents are read again only when a file's date or size has changed. */
  readonly #digests = new Map<string, { readonly version: string; readonly digest: string }>()
  readonly #failures = new Map<string, Failure>()
  #checkAt = 0
  /** Revision of the pools at the latest check. */
  #checkedRevision = 0
  #hasChecked = false

  constructor(deps: PoolImagesDeps) {
    this.#deps = deps
  }

  /** Images that must be made. */
  get missing(): readonly MissingImage[] {
    return this.#pools().flatMap((pool) => {
      const image = this.#found.get(pool.name)?.missing ?? null
      return image === null ? [] : [{ pool, image }]
    })
  }

  /** Checks if a check is due, and applies the result to the pools. Returns whether anything changed. Never rejects. */
  async refresh(): Promise<boolean> {
    const pools = this.#pools()
    const now = this.#deps.clock()
    // A check that is further away means that the clock was set back.
    const { revision } = this.#deps.pools
    const isPausing = now < this.#checkAt && this.#checkAt - now <= CHECK_INTERVAL_MS
    if (pools.length === 0 || (isPausing && revision === this.#checkedRevision)) return false
    this.#checkedRevision = revision
    const before = this.#summary()
    let isFailing = false
    for (const pool of pools) {
      try {
        this.#found.set(pool.name, await this.#find(pool, now))
      } catch (error) {
        isFailing = true
        this.#deps.log.debug(`the image of pool ${pool.name} cannot be checked`, { reason: reasonOf(error) })
      }
      isFailing ||= this.#failures.has(pool.name)
    }
    this.#hasChecked = true
    this.#checkAt = now + (isFailing ? FAILING_CHECK_INTERVAL_MS : CHECK_INTERVAL_MS)
    const images = [...this.#found].flatMap(([name, { use }]) => (use === undefined ? [] : [[name, use] as const]))
    this.#deps.pools.useImages(new Map(images))
    return this.#summary() !== before
  }

  /**
   * Removes unused images, once after each check. Images that containers use stay until a later check; all of them stay
   * while another is being made.
   */
  async removeOld(): Promise<void> {
    if (!this.#hasChecked) return
    this.#hasChecked = false
    for (const [pool, { use, missing, hasOld }] of this.#found) {
      if (!hasOld || !use || missing !== null) continue
      await this.#deps.engine.removePreparedImages({ pool, name: use }).catch((error: unknown) => {
        this.#deps.log.debug(`old images of pool ${pool} cannot be removed`, { reason: reasonOf(error) })
      })
    }
  }

  /** Makes the next `refresh` check, because an image was made or cannot be made. */
  recheck(): void {
    this.#checkAt = 0
  }

  /** Records that the image cannot be made. It is tried again when its playbook or base changes, or after RETRY_MS. */
  fail({ pool: { name }, image }: MissingImage, reason: string): void {
    const { clock, log } = this.#deps
    const before = this.#failures.get(name)
    if (before?.image !== image || before.reason !== reason) {
      log.warn(`the image of pool ${name} cannot be made`, { image, reason })
    }
    this.#failures.set(name, { image, reason, retryAt: clock() + RETRY_MS })
    this.recheck()
  }

  /** Returns the name of the image that the playbook makes of the pool's base now; null if there is no base. */
  async nameOf({ name, image, prepare }: Pool): Promise<string | null> {
    const base = await this.#deps.engine.imageNamed(image)
    if (base === null || prepare === null) return null
    const { instance, accounts } = this.#deps
    const version = JSON.stringify([base, await accounts.playbookVersion(prepare)])
    const known = this.#digests.get(name)
    const digest = known?.version === version ? known.digest : await accounts.preparationDigest(prepare, base)
    this.#digests.set(name, { version, digest })
    // In the tag, because names may end with "-", which a repository must not. They have no dots, so the tag is unique.
    return `berth/prepared:${instance.name}.${name}.${digest}`
  }

  async #find(pool: Pool, now: number): Promise<Found> {
    const made = await this.#deps.engine.preparedImages(pool.name)
    const wanted = await this.nameOf(pool)
    if (wanted !== null && made.includes(wanted)) {
      this.#failures.delete(pool.name)
      return { use: wanted, missing: null, hasOld: made.length > 1 }
    }
    const failure = this.#failures.get(pool.name)
    const hasFailed = failure !== undefined && failure.image === wanted
    const isPausing = hasFailed && now < failure.retryAt && failure.retryAt - now <= RETRY_MS
    // Without a base no image can be made; the error of a container that is created from the base says so.
    const previous = made[0] ?? (wanted === null || hasFailed ? null : undefined)
    return { use: previous, missing: isPausing ? null : wanted, hasOld: made.length > 1 }
  }

  /** Pools with `prepare_image`, as in berth.yml. */
  #pools(): Pool[] {
    const { pools } = this.#deps
    const wanting = pools.all().filter(({ preparedImage }) => preparedImage !== null)
    return wanting.flatMap(({ name }) => pools.configured(name) ?? [])
  }

  #summary(): string {
    return JSON.stringify([...this.#found])
  }
}
