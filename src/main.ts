/** Composition root: opens everything, closes it in reverse; the only file that sees all adapters. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHashing } from './accounts/hashing.ts'
import { type Config, loadConfig } from './config.ts'
import { DEFAULT_PASSWORD } from './core/account.ts'
import { systemClock } from './core/clock.ts'
import { BerthError, reasonOf } from './core/errors.ts'
import { type Loop, startLoop } from './core/loop.ts'
import { createOperating, type Operating } from './core/operating.ts'
import { createReserving, type Reserving } from './core/reserving.ts'
import { createRetention } from './core/retention.ts'
import { requireToken, welcomeAnyone } from './http/access/auth.ts'
import { openMetrics } from './http/metrics.ts'
import { buildServer } from './http/server.ts'
import { openLog } from './log.ts'
import { openParts, type Parts } from './parts.ts'
import { announce, followFilling, sayAndExit, showFirstToken } from './startup.ts'
import { firstToken } from './tokens.ts'
import { createTrimming, thisProcess } from './trimming.ts'

/** Longer, and whoever pressed Ctrl-C presses it again; what is cut off here is taken up at the next start. */
const STOP_DEADLINE = 4_000

/** Proxies cut what is silent for a minute, or half of one. */
const STREAMING = { heartbeat: 15_000, patience: 60_000 }

export interface Manager {
  /** Where it is serving. */
  readonly address: string
  /** The verbs behind the API, for a program that runs the manager inside itself; what it opened is closed by `stop`. */
  readonly reserving: Reserving
  readonly operating: Operating
  readonly parts: Omit<Parts, 'close'>
  stop(): Promise<void>
}

/** Opens the database, takes up what a killed manager left behind, and serves. */
export async function startManager(config: Config): Promise<Manager> {
  const { sshHost } = config
  const clock = systemClock
  const log = await openLog(config.log, process.stderr.isTTY)
  const closing: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const close of closing.toReversed()) await close()
  }
  try {
    const metrics = openMetrics()
    // Nobody is nudged before the loop runs: its first tick comes by itself.
    let working: Loop | undefined
    let cutting: Loop | undefined
    const nudge = () => working?.nudge()
    const parts = await openParts(config, { clock, log, metrics, nudge })
    const { pools, store, engine, accounts, reconciler } = parts
    closing.push(() => parts.close())
    const hashPassword = createHashing({
      password: DEFAULT_PASSWORD,
      most: () => pools.all().reduce((sum, { size }) => sum + size, 0),
      isBusy: () => !reconciler.isIdle(),
    })
    const reserving = createReserving({
      ...{ pools, store, engine, accounts, hashPassword, clock, log, metrics },
      newId: randomUUID,
      engineProblem: () => reconciler.engineProblem(),
      onChange: nudge,
      onDue: (at) => {
        working?.expect(at)
        cutting?.expect(at)
      },
    })
    const operating = createOperating({ pools, store, clock, log, onChange: nudge })
    const { auth, rateLimit } = config
    // Loaded only where there is a provider: the others start sooner.
    const signOn = config.signOn && (await import('./http/access/oidc.ts')).openSignOn(config.signOn, { clock, log })
    const server = buildServer({
      ...{ reserving, operating, reconciler, store, pools, clock, log, metrics, sshHost, rateLimit },
      hosts: auth === 'none' ? [config.listen.host, sshHost] : null,
      authenticate: auth === 'none' ? welcomeAnyone() : requireToken({ store, clock, signOn }),
      streaming: STREAMING,
      pause: (ms) => sleep(ms, undefined, { ref: false }),
    })
    const started = clock()
    // Only one manager serves at this address: the port is the lock, taken before anything is changed.
    const address = await listen(server, config.listen)
    closing.push(() => server.close())
    // Whatever was being prepared from here died with the manager before us.
    await store.forgetPreparers(started)

    const retention = createRetention({ store, clock, log, keepMs: config.keepMs })
    const trimming = createTrimming({ process: thisProcess, isIdle: reconciler.isIdle, clock, log })
    working = startLoop(
      async (nudged) => {
        const due = Math.min(await reconciler.tick(nudged), await retention.step())
        return Math.min(due, await trimming.step(due))
      },
      clock,
      log,
    )
    // Apart, so that no tick in which the engine takes its time makes access end late.
    cutting = startLoop(() => reconciler.cut(), clock, log)
    const loops = [working, cutting]
    closing.push(async () => {
      await Promise.all(loops.map((loop) => loop.stop()))
      await withinDeadline(reconciler.idle())
    })
    const unwatch = engine.watch(nudge)
    closing.push(async () => unwatch())
    await announce(address, config, engine)
    if (auth === 'tokens') showFirstToken(await firstToken(store, clock))
    closing.push(followFilling(store, pools))
    return { address, reserving, operating, parts, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function listen(server: ReturnType<typeof buildServer>, { host, port }: Config['listen']): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (error) {
    const why = `cannot listen on ${host}:${port}: ${reasonOf(error)}`
    const advice = 'is another manager running? BERTH_LISTEN or berth.yml can name another address'
    throw new BerthError('invalid_config', `${why}; ${advice}`, { cause: error })
  }
}

async function withinDeadline(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, STOP_DEADLINE)
  })
  await Promise.race([work, deadline])
  clearTimeout(timer)
}

/** Serves until a signal ends the process. */
export async function serve(config: Config): Promise<never> {
  const manager = await startManager(config)
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(130)
      stopping = true
      void manager.stop().then(() => process.exit(0))
    })
  }
  return new Promise(() => undefined)
}

/** What `just` runs; people have `berth`. */
async function main([command = 'serve']: readonly string[]): Promise<never> {
  if (command !== 'serve') {
    throw new BerthError('invalid_config', `"${command}" is no command; known: serve. People have bin/berth`)
  }
  return serve(loadConfig())
}

if (import.meta.main) main(process.argv.slice(2)).catch(sayAndExit)
