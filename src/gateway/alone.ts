/** `berth gateway`: a gateway in a process of its own, which needs only the database and the engine. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { assertRunsAlone } from '../config/ssh/gateway.ts'
import { BerthError, reasonOf } from '../domain/errors.ts'
import { createPools } from '../domain/pools.ts'
import { counted } from '../domain/text/counted.ts'
import { LocalTime } from '../domain/text/local-time.ts'
import { openEngine } from '../engine/open-engine.ts'
import { formatFor, openLog } from '../log/log.ts'
import { systemClock } from '../ports/clock.ts'
import type { Database } from '../ports/database.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { startLoop } from '../reconcile/loop.ts'
import { DatabaseClock } from '../reconcile/managers/database-clock.ts'
import { hostName } from '../store/host-name.ts'
import { databaseOf } from '../store/open-store.ts'
import { AppliedChanges } from '../usecases/doors/applied-changes.ts'
import { Registration } from '../usecases/gateway/registration.ts'
import { openHealth } from './health.ts'
import { openGateway } from './open-gateway.ts'

/** Interval of checks whether the last connection was closed, while the gateway stops. */
const DRAIN_CHECK_MS = 50

export interface AloneOptions {
  /** Address on which it listens; null: that of berth.yml. */
  readonly listen: string | null
  /** Where it answers probes and shows its figures; null: nowhere. */
  readonly health: { readonly host: string; readonly port: number } | null
  /** Time that open connections have after a request to stop, in milliseconds. */
  readonly drainMs: number
}

export interface AloneGateway {
  readonly log: Log
  /** Accepts no further connections, waits at most `drainMs` for open ones to end, and closes everything. */
  stop(): Promise<void>
}

/** Opens the gateway. `invalid_config` without PostgreSQL or `ssh.gateway`, `database_unavailable`. */
export async function openAlone(config: Config, options: AloneOptions): Promise<AloneGateway> {
  const host = listenAddress(config, options)
  const log = openLog(config.log.level, config.log.format ?? formatFor(process.stderr))
  const source = databaseOf(config)
  await assertMigrated(source)
  const store = await source.open()
  const time = new DatabaseClock({
    read: () => store.databaseTime(),
    machine: systemClock,
    monotonic: () => performance.now(),
    log,
  })
  const clock = time.now
  try {
    await time.measure()
    await assertInstance(store, config.instance.name)
    const mark = await source.mark(await store.databaseId(), clock())
    const engine = await openEngine(config, createPools(config.pools), mark, clock)
    const registration = new Registration({
      store,
      clock,
      monotonic: () => performance.now(),
      address: `${hostName()}:${host}`,
    })
    const localTime = new LocalTime(config.timezone)
    const gateway = openGateway({ host, store, engine, clock, log, localTime, isRegistered: registration.isValid })
    const applied = new AppliedChanges({ store, kind: 'gateway', here: gateway, clock })
    let isStopping = false
    const health =
      options.health &&
      (await openHealth(options.health, {
        gateway,
        problem: () =>
          isStopping ? 'it stops' : registration.isValid() ? null : 'its row in the database could not be renewed',
      }))
    // Last, because the row stays if the start fails: managers would wait for a gateway that never was.
    await registration.step()
    const loops = [
      () => gateway.step(),
      async () => gateway.closeOverdue(),
      () => registration.step(),
      () => time.step(),
      () => applied.step(),
    ].map((step) => startLoop(step, clock, log))

    async function drain(): Promise<void> {
      isStopping = true
      gateway.stopListening()
      const deadline = performance.now() + options.drainMs
      while (gateway.figures.open > 0 && performance.now() < deadline) await sleep(DRAIN_CHECK_MS)
      log.info(`the gateway stops; ${counted(gateway.figures.open, 'connection')} still open`)
      gateway.stop()
    }

    return {
      log,
      async stop() {
        await drain()
        applied.stop()
        await Promise.all(loops.map((loop) => loop.stop()))
        // Otherwise, managers wait for this gateway until the engine has confirmed the end of reservations.
        await registration
          .leave()
          .catch((error: unknown) => log.warn('cannot remove the row of this gateway', { reason: reasonOf(error) }))
        health?.close()
        await engine.close()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

function listenAddress(config: Config, { listen }: AloneOptions): string {
  if (!config.sshGateway?.alone) {
    const why = 'managers, which read the same file, must know of it'
    throw new BerthError(
      'invalid_config',
      `${config.file} does not have a gateway of its own; set ssh.gateway: { listen: ADDRESS, alone: true }: ${why}`,
    )
  }
  const host = listen ?? config.sshGateway.listen
  assertRunsAlone(config, host)
  return host
}

/** A gateway does not migrate the database, because managers of an older version may still use it. */
async function assertMigrated(database: Database): Promise<void> {
  const pending = await database.pendingMigrations()
  if (pending.length === 0) return
  const what = `${database.name} has no tables of this version yet (${pending.join(', ')})`
  throw new BerthError('invalid_config', `${what}; start a manager of this version first, or run \`berth migrate\``)
}

/** The engine has only containers of its own instance, so with another one the gateway would find none. */
async function assertInstance(store: Store, instance: string): Promise<void> {
  const served = await store.servedInstance()
  if (served === null || served === instance) return
  throw new BerthError(
    'invalid_config',
    `the managers of this database serve the instance "${served}", and this gateway is set to "${instance}"; ` +
      `set "instance" of berth.yml, or BERTH_INSTANCE, to "${served}"`,
  )
}
