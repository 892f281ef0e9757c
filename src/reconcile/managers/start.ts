/** Starts the work that a manager does because there may be other managers. */
import type { Log } from '../../ports/log.ts'
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
  readonly store: Store
  readonly time: DatabaseClock
  readonly log: Log
  readonly version: string
  readonly lead: () => Promise<void>
  /** Called when preparations can be resumed. */
  readonly nudge: () => void
}

/** Registers this manager, which serves from now on. Returns a function that unregisters it. */
export async function joinManagers({
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
  const loops = [startLoop(() => membership.step(), time.now, log)]
  if (time.isShared) loops.push(startLoop(() => time.step(), time.now, log))
  return async () => {
    await Promise.all(loops.map((loop) => loop.stop()))
    await membership.leave()
  }
}
