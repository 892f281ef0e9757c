/** Composition root: opens all parts in order, and closes them in reverse. */
import { randomUUID } from 'node:crypto'
import { createHashing } from './accounts/hashing/hashing.ts'
import { type Config, loadConfig } from './config/config.ts'
import { LiveConfig } from './config/live-config.ts'
import { systemClock } from './ports/clock.ts'
import type { Log } from './ports/log.ts'
import type { Reload } from './ports/reload.ts'
import { BerthError } from './domain/errors.ts'
import { waitForWriters } from './reconcile/managers/lock-wait.ts'
import { joinManagers, livingOthers } from './reconcile/managers/start.ts'
import { createSchedule } from './reconcile/schedule.ts'
import { createAdmin, type Admin } from './usecases/admin.ts'
import { assertDiskLimits } from './engine/disk-limits.ts'
import { createNodes } from './usecases/nodes/nodes.ts'
import { createReservations, type Reservations } from './usecases/reservations.ts'
import { Terminals } from './usecases/terminals/terminals.ts'
import { createTokens } from './usecases/tokens.ts'
import { Tunnels } from './usecases/tunnels/tunnels.ts'
import { openAccess } from './access.ts'
import { startBackgroundWork } from './background.ts'
import { openOwnGateway } from './gateway/own-gateway.ts'
import { RequestCounts } from './http/auth/request-counts.ts'
import { Drain } from './http/drain.ts'
import { listen } from './http/listen.ts'
import { openMetrics } from './http/ops/metrics.ts'
import { buildServer } from './http/server.ts'
import { STREAMING } from './http/streaming/settings.ts'
import { formatFor, openLog } from './log/log.ts'
import { clientFiles } from './client-files.ts'
import { dashboardFolder } from './dashboard-folder.ts'
import { openComponents, type Components } from './compose.ts'
import { describeRemaining, printBanner, followFilling, printAndExit, printFirstToken } from './banner.ts'
import { createReload } from './reload.ts'
import { latestSettings } from './server-settings.ts'
import { deferReload, handleSignals } from './signals.ts'
import { readVersion } from './version.ts'

/** Maximum time to finish current work on a stop. The next start resumes what is interrupted. */
const STOP_DEADLINE_MS = 4_000

export interface Manager {
  /** URL at which the API is served. */
  readonly address: string
  /** The use cases behind the API, for a program that runs the manager in its own process. */
  readonly reservations: Reservations
  readonly admin: Admin
  readonly components: Omit<Components, 'close'>
  readonly log: Log
  /** Reads berth.yml again and applies it, all or nothing. */
  readonly reload: Reload
  /** Answers 503 to /readyz from now on, and continues to serve for the time `drain` of berth.yml. Precedes `stop`. */
  drain(): Promise<void>
  stop(): Promise<void>
}

/**
 * Opens the database, resumes what a killed manager left behind, and serves. `reread` reads the settings for a reload:
 * by default the same file, with the environment of this process.
 */
export async function startManager(
  config: Config,
  reread: () => Config = () => loadConfig(undefined, config.file),
): Promise<Manager> {
  const live = new LiveConfig(config)
  const logFormat = config.log.format ?? formatFor(process.stderr)
  const log = openLog(config.log.level, logFormat)
  const closing: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const close of closing.toReversed()) await close()
  }
  try {
    const version = readVersion()
    const metrics = openMetrics({ version, engine: config.engine.kind })
    const schedule = createSchedule()
    const nudge = () => schedule.nudge()
    const components = await openComponents(live, { clock: systemClock, log, metrics, nudge })
    const { time, clock, pools, store, engine, accounts, reconciler, hostCertificates, localTime } = components
    const { refusals, postponed, door, localDoors } = components
    closing.push(() => components.close())
    await assertDiskLimits(engine, config)
    const reload = createReload({
      live,
      pools,
      log,
      reread,
      assertEnforceable: (next) => assertDiskLimits(engine, next),
      onChange: nudge,
    })
    const reservations = createReservations({
      pools,
      store,
      engine,
      accounts,
      hostCertificates,
      door,
      hashPassword: createHashing(),
      clock,
      log,
      metrics: refusals.around(metrics),
      postponed,
      newId: randomUUID,
      engineStatus: reconciler.engineStatus,
      schedule,
      localTime,
    })
    const admin = createAdmin({ pools, store, clock, log, onChange: nudge })
    const tokens = createTokens({
      poolNames: () => pools.all().map(({ name }) => name),
      clock,
      withStore: (use) => use(store),
    })
    const terminals = new Terminals({ store, engine, clock, log, localTime, newId: randomUUID })
    const tunnels = new Tunnels({ store, engine, clock, log, localTime })
    const gateway = openOwnGateway(config.sshGateway, { store, engine, clock, log, localTime })
    localDoors.add(terminals, tunnels, ...(gateway ? [gateway] : []))
    const { auth, trustProxy } = config
    // On a terminal, people follow reservations; a line for each request would hide them.
    const requestLevel = logFormat === 'text' ? 'debug' : 'info'
    const settings = latestSettings(live)
    const drain = new Drain()
    const requestCounts = new RequestCounts(clock)
    const { secret } = components
    const { authenticate, isStillValid, signIn } = await openAccess(live, { store, clock, log, secret })
    const server = buildServer({
      version,
      clientFiles: clientFiles(version),
      dashboard: dashboardFolder(),
      reservations,
      admin,
      tokens,
      terminals,
      tunnels,
      nodes: createNodes({ engine, store }),
      gateway,
      reconciler,
      store,
      pools,
      clock,
      clockOffset: time.offset,
      log,
      metrics,
      settings,
      reload,
      drain,
      hostCaKey: hostCertificates?.authority ?? null,
      trustProxy,
      requestLevel,
      requestSecret: secret,
      freeSpace: components.freeSpace,
      authenticate,
      isStillValid,
      requestCounts,
      signIn,
      streaming: STREAMING,
    })
    // Closed after the server: this manager is registered until its requests have been answered.
    let leave = async () => {}
    closing.push(() => leave())
    // Only one manager serves at this address: the port is the lock, taken before anything is changed.
    const address = await listen(server, config.listen)
    closing.push(() => withinDeadline(server.close()))
    leave = await joinManagers({
      instance: config.instance.name,
      store,
      time,
      log,
      version,
      nudge,
      lead: () => reconciler.lead(),
    })
    await waitForWriters(log, () => store.renewKeepalives(clock()))

    const background = startBackgroundWork({
      components,
      live,
      reservations,
      terminals,
      tunnels,
      gateway,
      requestCounts,
      schedule,
      log,
    })
    closing.push(async () => {
      await background.stop()
      await withinDeadline(background.idle())
    })
    // First: viewers need not wait for work that takes seconds to stop.
    closing.push(async () => localDoors.stop())
    await printBanner(address, config, engine)
    // If the identity provider names admins, they may have removed the last token on purpose.
    const hasOtherAdmins = config.signOn !== null && config.signOn.adminClaim !== null
    const createFirstAdmin = () => waitForWriters(log, () => tokens.createFirstAdmin({ hasOtherAdmins }))
    if (auth === 'tokens') printFirstToken(await createFirstAdmin())
    closing.push(followFilling(store, pools))
    return {
      address,
      reservations,
      admin,
      components,
      log,
      reload,
      drain: () => drain.begin(live.current.drainMs),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function withinDeadline(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, STOP_DEADLINE_MS)
  })
  await Promise.race([work, deadline])
  clearTimeout(timer)
}

/** Serves until a signal ends the process. `command` is printed as what starts the manager again. */
export async function serve(config: Config, command: string): Promise<never> {
  const wasReloadRequested = deferReload()
  const manager = await startManager(config)
  const { store, localTime, clock } = manager.components
  const remaining = async () => {
    const others = await livingOthers(store, clock())
    return describeRemaining({ snapshot: await store.snapshot(), command, localTime, hasOthers: others.length > 0 })
  }
  handleSignals(manager, remaining, wasReloadRequested)
  return new Promise(() => undefined)
}

/** Run by `just run`; people use `berth`. */
async function main([command = 'serve']: readonly string[]): Promise<never> {
  if (command !== 'serve') {
    throw new BerthError(
      'invalid_config',
      `unknown command "${command}"; allowed: serve. For other commands use bin/berth`,
    )
  }
  return serve(loadConfig(), 'just run')
}

if (import.meta.main) main(process.argv.slice(2)).catch(printAndExit)
