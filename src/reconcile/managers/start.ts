/** Starts the work that a manager does because there may be other managers. */
import { BerthError } from '../../domain/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { ManagerRecord } from '../../ports/store/leadership.ts'
import type { Store } from '../../ports/store.ts'
import { startLoop } from '../loop.ts'
import type { DatabaseClock } from './database-clock.ts'
import { waitForWriters } from './lock-wait.ts'
import { Membership } from './membership.ts'

/** Interval of heartbeats of the only manager on a file: each is a write to the disk, and no other machine reads it. */
const ALONE_ON_FILE_MS = 60_000
/** The same on a server: the next manager may start on another machine at any time, and must not wait for this one. */
const ALONE_ON_SERVER_MS = 1_000

interface ManagersDeps {
  readonly instance: string
  readonly store: Store
  readonly time: DatabaseClock
  readonly log: Log
  readonly version: string
  readonly lead: () => Promise<void>
  /** Called when preparations can be resumed. */
  readonly nudge: () => void
}

/**
 * Registers this manager, which serves from now on. Returns a function that unregisters it. `invalid_config` if other
 * managers of the database serve another instance.
 */
export async function joinManagers({
  instance,
  store,
  time,
  log,
  version,
  lead,
  nudge,
}: ManagersDeps): Promise<() => Promise<void>> {
  const membership = new Membership({
    store,
    log,
    version,
    lead,
    clock: time.now,
    clockOffset: time.offset,
    aloneMs: time.isShared ? ALONE_ON_SERVER_MS : ALONE_ON_FILE_MS,
    onReleased: nudge,
  })
  await waitForWriters(log, () => membership.register())
  await assertSameInstance(store, instance, time.now()).catch(async (error: unknown) => {
    await membership.leave()
    throw error
  })
  const loops = [startLoop(() => membership.step(), time.now, log)]
  if (time.isShared) loops.push(startLoop(() => time.step(), time.now, log))
  return async () => {
    await Promise.all(loops.map((loop) => loop.stop()))
    await membership.leave()
  }
}

/** Under another instance this manager would find no container of the database, and replace all of them. */
async function assertSameInstance(store: Store, instance: string, now: number): Promise<void> {
  const served = await store.servedInstance()
  if (served === null || served === instance) return
  const others = await livingOthers(store, now)
  if (others.length === 0) return
  const where = others.map(({ address }) => address).join(', ')
  throw new BerthError(
    'invalid_config',
    `the managers of this database serve the instance "${served}", and this one is set to "${instance}": ` +
      `set "instance" of berth.yml, or BERTH_INSTANCE, to "${served}", or stop the other managers first (${where})`,
  )
}

/** Returns the other managers of the database that are not dead. `now`: epoch milliseconds. */
export async function livingOthers(store: Pick<Store, 'managers'>, now: number): Promise<ManagerRecord[]> {
  return (await store.managers()).filter(({ isOwn, until }) => !isOwn && until >= now)
}
