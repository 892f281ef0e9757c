/** The work that a manager does besides answering requests. */
import type { LiveConfig } from './config/live-config.ts'
import type { Components } from './compose.ts'
import type { OpenGateway } from './gateway/open-gateway.ts'
import type { RequestCounts } from './http/auth/request-counts.ts'
import type { Log } from './ports/log.ts'
import { startExpiry } from './reconcile/expiry.ts'
import { createImageWatch } from './reconcile/image-watch.ts'
import { startLoop } from './reconcile/loop.ts'
import { watchRows } from './reconcile/rows-watch.ts'
import type { LoopSchedule } from './reconcile/schedule.ts'
import type { Reservations } from './usecases/reservations.ts'
import { AppliedChanges } from './usecases/doors/applied-changes.ts'
import { createRetention } from './usecases/retention.ts'
import { createOwners } from './usecases/self-service/owners.ts'
import { createSelfService } from './usecases/self-service/self-service.ts'
import type { Terminals } from './usecases/terminals/terminals.ts'
import type { Tunnels } from './usecases/tunnels/tunnels.ts'

interface BackgroundDeps {
  readonly components: Components
  readonly live: LiveConfig
  readonly reservations: Reservations
  readonly terminals: Terminals
  readonly tunnels: Tunnels
  readonly gateway: OpenGateway | null
  readonly requestCounts: RequestCounts
  readonly schedule: LoopSchedule
  readonly log: Log
}

interface BackgroundWork {
  /** Starts no further work. Resolves when the loops have ended. */
  stop(): Promise<void>
  /** Resolves when the work that was started is done. */
  idle(): Promise<unknown>
}

/** Starts the loops of a manager. */
export function startBackgroundWork(deps: BackgroundDeps): BackgroundWork {
  const { components, live, reservations, terminals, tunnels, gateway, requestCounts, schedule, log } = deps
  const { clock, pools, store, engine, accounts, reconciler, refusals, localTime, door, localDoors } = components
  const { auth, postgres } = live.current
  const nudge = () => schedule.nudge()
  const selfService = createSelfService({
    pools,
    store,
    engine,
    accounts,
    reservations,
    owners: createOwners({ store, clock, auth, signOnLimits: () => live.current.signOn?.limits ?? null }),
    clock,
    log,
    localTime,
    isLeading: () => reconciler.isLeading(),
  })
  const retention = createRetention({ store, clock, log, keepMs: () => live.current.keepMs })
  const imageWatch = createImageWatch({ pools, store, engine, accounts, clock, log, onChange: nudge })
  const working = startLoop(
    async (nudged) => {
      const due = await reconciler.tick(nudged)
      await selfService.step()
      return Math.min(due, await imageWatch.step(), await retention.step(), await refusals.step())
    },
    clock,
    log,
  )
  const expiry = startExpiry(reconciler, clock, log)
  // A loop of its own, like expiry: a slow engine must not delay the checks of viewers.
  const viewing = startLoop(() => terminals.step(), clock, log)
  const tunnelling = startLoop(() => tunnels.step(), clock, log)
  // A database that does not answer must not delay the end of connections.
  const overdue = startLoop(
    async () => Math.min(tunnels.closeOverdue(), gateway?.closeOverdue() ?? Infinity),
    clock,
    log,
  )
  const forwarding = gateway && startLoop(() => gateway.step(), clock, log)
  // The only manager on a file is asked directly.
  const applied = door && postgres ? new AppliedChanges({ store, kind: 'manager', here: localDoors, clock }) : null
  const applying = applied && startLoop(() => applied.step(), clock, log)
  // Managers that share a file do not exchange counts: SQLite runs one write at a time, and syncs each write.
  const counting = postgres && startLoop(() => requestCounts.exchange(store, log), clock, log)
  schedule.attach({ working, expiry })
  const unwatchEngine = engine.watch(nudge)
  // Not with a file: there only the manager's own writes are announced.
  const unwatchRows = postgres && watchRows(store, () => reconciler.isLeading() && nudge())
  return {
    async stop() {
      unwatchRows?.()
      unwatchEngine()
      applied?.stop()
      const doors = [tunnelling.stop(), overdue.stop(), forwarding?.stop(), applying?.stop()]
      await Promise.all([working.stop(), expiry.stop(), viewing.stop(), counting?.stop(), ...doors])
    },
    idle: () => Promise.all([reconciler.idle(), selfService.idle()]),
  }
}
