/** Brings containers up in steps that each record what they did, so that any step may be the last before a kill -9. */
import type { Clock } from '../../ports/clock.ts'
import {
  type Container,
  type ContainerPatch,
  nextGeneration,
  ready,
  replacement,
  restarted,
  retried,
} from '../../domain/container.ts'
import type { HostCertificates } from '../../usecases/host-certificates.ts'
import { sessionTextsOf } from '../../domain/session/texts.ts'
import type { LocalTime } from '../../domain/text/local-time.ts'
import { lentElsewhere } from '../../usecases/activation.ts'
import { describeDown, hasAccount, isLost, isUp } from '../plan/plan-container.ts'
import { type Pool, portOf, type InstanceConfig, specOf } from '../../domain/pool.ts'
import { poolOf, type Pools } from '../../domain/pools.ts'
import type { Accounts, Guest, Target } from '../../ports/accounts.ts'
import type { Engine, Observed } from '../../ports/engine.ts'
import type { Log } from '../../ports/log.ts'
import type { Store } from '../../ports/store.ts'
import { accountOf, describeReservation, isActive, type Reservation } from '../../domain/reservation.ts'
import { sessionContextOf } from '../../usecases/self-service/session-context.ts'
import { mustSucceed } from './must-succeed.ts'
import type { Surveyor } from './surveyor.ts'

export interface BuilderDeps {
  readonly instance: InstanceConfig
  readonly pools: Pools
  readonly store: Store
  readonly engine: Engine
  readonly accounts: Accounts
  readonly clock: Clock
  readonly log: Log
  /** Absent without `ssh.host_ca`. */
  readonly hostCertificates?: HostCertificates | undefined
  readonly localTime: LocalTime
}

/** What the engine lists for a slot: what may stay, and what is in the way. */
interface Found {
  readonly current?: Observed
  readonly stale: readonly Observed[]
  /** Why a reserved container must be replaced, if that is known. */
  readonly reason?: string
}

/** Every public method returns the updated row, or null if another writer changed it first. */
export class Builder {
  readonly #deps: BuilderDeps
  readonly #surveyor: Surveyor

  constructor(deps: BuilderDeps, surveyor: Surveyor) {
    this.#deps = deps
    this.#surveyor = surveyor
  }

  async adopt(row: Container, observed: Observed): Promise<Container | null> {
    const pool = poolOf(this.#deps.pools, row)
    const { hostKey, hostPublicKey } = await this.#survey(row, observed.id, pool, true)
    const made = { generation: 1, engineId: observed.id, hostKey, hostPublicKey, ...addressOf(observed, row) }
    return this.#finish(await this.#apply(row, made), pool)
  }

  async build(row: Container, { current, stale }: Found): Promise<Container | null> {
    const pool = poolOf(this.#deps.pools, row)
    if (!(await this.#clear(row, stale))) return null
    const port = portOf(pool, row.number) ?? row.port
    const next = nextGeneration(row, port, this.#deps.clock())
    const numbered = row.generation === 0 ? await this.#apply(row, next) : row
    return numbered && this.#finish(await this.#bringUp(numbered, pool, current), pool)
  }

  async recycle(row: Container, stale: readonly Observed[]): Promise<Container | null> {
    const { pools, store, engine, clock, log } = this.#deps
    const going = row.state === 'removing' ? row : await this.#apply(row, retried(row, clock()))
    if (!going) return null
    if (going.engineId !== null) await engine.remove(going.engineId)
    const others = stale.filter((o) => o.id !== going.engineId)
    if (!(await this.#clear(going, others))) return null
    const pool = pools.named(row.pool)
    const port = portOf(pool, row.number)
    if (port === undefined) {
      if (await store.dropContainer(going, clock())) log.info(`${row.name} is dropped: its pool has shrunk`)
      return null
    }
    const next = await this.#apply(going, nextGeneration(going, port, clock()))
    return pool?.preparedImage === 'awaited' ? next : next && this.build(next, { stale: [] })
  }

  async restore(row: Container, reservation: Reservation, found: Found): Promise<Container | null> {
    const { pools, store, engine, accounts, clock, hostCertificates, localTime } = this.#deps
    const pool = poolOf(pools, row)
    const current = isLost(row, found.current) ? undefined : found.current
    const updated = current ? await this.#noteRestart(row, current) : await this.#replaceLost(row, reservation, found)
    const up = updated && (await this.#bringUp(updated, pool, current))
    if (!up || up.engineId === null) return null
    const target = { id: up.engineId, name: up.name }
    if (!current && pool.prepare !== null) await mustSucceed(accounts.prepare([target], pool.prepare), target)
    const present = await store.reservation(reservation.id)
    if (!present || present.expiresAt === null || !isActive(present, clock())) return null
    // The account of a generation is made once: its tenant may have logged in since, and may have prepared files for
    // whatever root does there next.
    if (!hasAccount(present, up)) {
      await mustLend(engine, target, reservation)
      const session = { ...(await sessionContextOf(engine, pool, [target.id])), localTime }
      const account = accountOf(present, pool, sessionTextsOf(present, present.expiresAt, session))
      await mustSucceed(accounts.createAccounts([target], account, { fresh: !current }), target)
      if (hostCertificates) await mustSucceed(hostCertificates.write([up], present, present.expiresAt), target)
    }
    if (await store.recordAccount(reservation.id, up)) return this.#apply(up, { error: null })
    // The reservation ended while the account was being made, maybe after the kill that revoked it.
    await engine.kill(target.id)
    return null
  }

  async #noteRestart(row: Container, current: Observed): Promise<Container | null> {
    if (isUp(current)) return row
    const { log, clock } = this.#deps
    const reason = `the container was ${describeDown(current)}`
    log.warn(`${row.name} is put back under its reservation`, { container: row.name, reason })
    return this.#apply(row, restarted(row, reason, clock()))
  }

  /** Moves the row to the next generation, and removes what is left of the previous one. */
  async #replaceLost(row: Container, reservation: Reservation, found: Found): Promise<Container | null> {
    const { log, engine } = this.#deps
    const { current, stale } = found
    const reason = found.reason ?? (await this.#whyLost(row, current))
    const fields = { reservation: reservation.id, container: row.name }
    const whose = `the reservation of ${describeReservation(reservation)}`
    if (row.resetAt === null)
      log.warn(`${row.name} is lost and is replaced under ${whose}`, { ...fields, ...(reason && { reason }) })
    else log.info(`${row.name} is reset under ${whose}`, fields)
    // The tenant may be logged in. Until the container is gone the row names it, so that the end of the reservation
    // can kill it.
    if (row.resetAt !== null && row.engineId !== null && current) await engine.kill(row.engineId)
    // On a node that cannot be reached it still runs, and must not be reached again.
    if (row.engineId !== null && (!current || row.resetAt !== null)) await engine.remove(row.engineId)
    // The event of the replacement has the error of the row.
    const replaced = await this.#apply(row, { ...replacement(row), ...(reason && { error: reason }) })
    const there = current ? [current, ...stale] : stale
    return replaced && (await this.#clear(replaced, there)) ? replaced : null
  }

  /**
   * Returns why a reserved container is lost, for its holder. Returns null after a request for a reset, and for a
   * container that does not stay up: the row's error describes that.
   */
  async #whyLost({ resetAt, engineId }: Container, current: Observed | undefined): Promise<string | null> {
    if (resetAt !== null || engineId === null) return null
    if (current === undefined) return 'the container is gone; Berth did not remove it'
    if (current.state !== 'dead' && current.state !== 'removing') return null
    // A missing reason must not delay the replacement.
    const how = await this.#deps.engine.whyDown(engineId).catch(() => null)
    return how === null ? `the container was ${describeDown(current)}` : `the container has ended: ${how}`
  }

  /** Creates and starts the row's generation if necessary, and waits until its sshd answers. */
  async #bringUp(row: Container, pool: Pool, current: Observed | undefined): Promise<Container | null> {
    const { instance, engine } = this.#deps
    const id = current?.id ?? (await engine.create(specOf(instance, pool, row)))
    // Recorded before it runs, so that a reservation that ends now can kill it.
    const known = await this.#apply(row, { engineId: id })
    if (!known) return null
    // Also if it runs: an engine may start it at once, and only `start` checks that it runs as its pool requires.
    await engine.start(id)
    const { hostKey, hostPublicKey } = await this.#survey(row, id, pool, row.state === 'creating' || !current)
    return this.#apply(known, { hostKey, hostPublicKey, ...addressOf(await engine.inspect(id), row) })
  }

  /** A playbook that runs later must find the container as the image has it. A tenant's must stay as it is. */
  #survey(row: Container, id: string, pool: Pool, isNew: boolean): Promise<Guest> {
    if (isNew && pool.prepare === null) return this.#surveyor.surveyNew(row, id, pool)
    return this.#surveyor.waitForSshd({ id, name: row.name })
  }

  /** Marks it ready, unless the pool has a playbook: then the planner collects it for one run with others. */
  async #finish(row: Container | null, pool: Pool): Promise<Container | null> {
    return row && pool.prepare === null ? this.#apply(row, ready(this.#deps.clock())) : row
  }

  /**
   * Removes what was in the way when the engine was listed, unless the row has changed since: then another manager
   * may have created it after the row was read.
   */
  async #clear(row: Container, observed: readonly Observed[]): Promise<boolean> {
    if (observed.length === 0) return true
    const { store, engine } = this.#deps
    const now = await store.container(row.name)
    if (now?.state !== row.state || now.generation !== row.generation) return false
    for (const { id } of observed) await engine.remove(id)
    return true
  }

  async #apply(row: Container, patch: ContainerPatch): Promise<Container | null> {
    const { store, clock } = this.#deps
    return (await store.updateContainer(row, patch, clock())) ? { ...row, ...patch } : null
  }
}

/** Returns the address that the engine shows. The recorded port stays while the engine shows none. */
function addressOf(seen: Observed | null, row: Container): Pick<Container, 'host' | 'port' | 'node'> {
  return { host: seen?.host ?? null, port: seen?.port ?? row.port, node: seen?.node ?? null }
}

async function mustLend(engine: Engine, { id, name }: Target, reservation: Reservation): Promise<void> {
  const taken = await engine.lend([id], reservation.id)
  if (taken.has(id)) throw lentElsewhere(name)
}
