/**
 * A manager on the real engine at full churn, for some minutes: files, memory, rows, containers and networks must be
 * at the end what they were at the start. Prints a line a minute and a verdict, and exits with 1 when something
 * has grown.
 *     node prove/soak.ts [--minutes 10] [--size 6] [--leak sockets|memory|containers|timers]
 * --leak plants a leak, to show that it is found.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseConfig } from '../src/config/config.ts'
import { systemClock } from '../src/ports/clock.ts'
import { createRetention } from '../src/usecases/retention.ts'
import { ANONYMOUS } from '../src/domain/identity.ts'
import { type Manager, startManager } from '../src/main.ts'
import { Churn, type OnReserved } from './churn.ts'
import { docker } from '../lab/docker.ts'
import { parseCommandLine, refuse } from '../lab/command-line.ts'
import { removeInstance } from '../lab/instance.ts'
import { countRows, described, engineProcesses, grown, measure } from './measuring.ts'

const MINUTE = 60_000
/** What is measured first is warm: everything was used once, and whatever is kept for later use is there. */
const WARM_UP = 0.25
/** For how long what has ended is kept while it goes on, milliseconds: berth.yml takes no less than a day. */
const KEEP = 10_000
const SSH_PORTS = 19_300

type Leak = 'sockets' | 'memory' | 'containers' | 'timers'

interface Options {
  readonly minutes: number
  readonly size: number
  readonly leak: Leak | undefined
}

const OPTIONS = {
  minutes: { type: 'string', default: '10' },
  size: { type: 'string', default: '6' },
  leak: { type: 'string' },
} as const

const USAGE = 'usage: just soak [--minutes 10] [--size 2 to 100] [--leak sockets|memory|containers|timers]'

function readOptions(): Options {
  const { values } = parseCommandLine('just soak', { options: OPTIONS }, USAGE)
  const [minutes, size] = [Number(values.minutes), Number(values.size)]
  const leaks: readonly (string | undefined)[] = ['sockets', 'memory', 'containers', 'timers', undefined]
  const isValid = {
    minutes: minutes > 0,
    size: Number.isInteger(size) && size >= 2 && size <= 100,
    leak: leaks.includes(values.leak),
  }
  for (const name of ['minutes', 'size', 'leak'] as const) {
    if (!isValid[name]) refuse(`just soak: --${name} "${values[name]}" is invalid; ${USAGE}`)
  }
  return { minutes, size, leak: values.leak as Leak | undefined }
}

/** Plants a leak in the manager. */
function planted(leak: Leak | undefined, instance: string): OnReserved {
  const kept: unknown[] = []
  return ({ containers }) => {
    if (leak === 'sockets')
      kept.push(connect({ host: '127.0.0.1', port: containers[0]?.port ?? 0 }).on('error', () => undefined))
    if (leak === 'memory') kept.push(Array.from({ length: 50_000 }, (_, index) => index * Math.random()))
    if (leak === 'timers') kept.push(setInterval(() => undefined, MINUTE))
    if (leak === 'containers') {
      const left = ['create', '--label', `berth.instance=${instance}`, '--entrypoint', 'true', 'berth/box']
      kept.push(docker(...left).catch(() => undefined))
    }
  }
}

/** Waits until nothing is lent or under way, and ended reservations are forgotten. */
async function settle(
  { reservations, admin, components }: Manager,
  file: string,
  prune: () => Promise<unknown>,
): Promise<void> {
  for (const deadline = Date.now() + 2 * MINUTE; ; await sleep(100)) {
    await reservations.releaseAll({}, ANONYMOUS)
    const { containers, reservations: open } = await components.store.snapshot()
    for (const { name, state } of containers) if (state === 'quarantined') await admin.endQuarantine(name, ANONYMOUS)
    const [pool] = components.pools.all()
    if (pool) await admin.resize(pool.name, null, ANONYMOUS)
    const ready = containers.filter(({ state }) => state === 'ready').length
    if (open.length === 0 && ready === containers.length && ready === pool?.size) break
    if (Date.now() > deadline) throw new Error(`it does not settle: ${JSON.stringify(containers)}`)
  }
  await components.reconciler.idle()
  while (Object.entries(countRows(file)).some(([table, n]) => n > 1 && /events|reservations/.test(table))) await prune()
  // Connections that were hung up are gone from the kernel's lists a moment later.
  await sleep(1_500)
}

async function soak({ minutes, size, leak }: Options): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-soak-'))
  const file = join(folder, 'containers.db')
  const instance = `soak-${process.pid}`
  const yaml = `listen: 127.0.0.1:0
auth: none
instance: ${instance}
log: error
pools: { ${instance}: { size: ${size}, ssh_ports: ${SSH_PORTS}-${SSH_PORTS + size - 1} } }`
  const manager = await startManager(parseConfig(yaml, join(folder, 'berth.yml'), { ...process.env }))
  try {
    const { store, pools } = manager.components
    const log = { debug: () => undefined, info: () => undefined, warn: say, error: say }
    // A new one prunes at once; the manager's own does every ten minutes.
    const prune = async (keepMs: number) =>
      createRetention({ store, clock: systemClock, log, keepMs: () => keepMs }).step()
    const onReserved = planted(leak, instance)
    const delay = monitorEventLoopDelay()
    const total = { reserved: 0, errors: [] as string[] }

    async function churn(ms: number): Promise<void> {
      const running = new Churn(manager, onReserved)
      running.start()
      for (const end = Date.now() + ms; Date.now() < end; ) {
        const next = Math.min(end, Date.now() + MINUTE)
        while (Date.now() < next) {
          await prune(KEEP)
          await sleep(Math.min(1_000, next - Date.now()))
        }
        const now = await measure(file, instance)
        const [p99, most] = [delay.percentile(99), delay.max].map((ns) => Math.round(ns / 1e6))
        say(`${JSON.stringify(running.counts)} loop p99 ${p99} ms, at most ${most} ms; ${described(now)}`)
        delay.reset()
      }
      await running.stop()
      total.reserved += running.counts.reserved
      total.errors.push(...running.errors)
    }

    while ((await store.snapshot()).containers.filter(({ state }) => state === 'ready').length < size) await sleep(100)
    const recycled = async () =>
      (await store.snapshot()).containers.reduce((sum, { generation }) => sum + generation, 0)
    say(`${size} containers of ${pools.all()[0]?.image}; ${engineProcesses()}`)
    delay.enable()
    await churn(WARM_UP * minutes * MINUTE)
    await settle(manager, file, () => prune(0))
    const before = await measure(file, instance)
    say(`warm:  ${described(before)}`)
    await churn((1 - WARM_UP) * minutes * MINUTE)
    await settle(manager, file, () => prune(0))
    const after = await measure(file, instance)
    say(`after: ${described(after)}; ${engineProcesses()}`)
    const found = [...grown(before, after), ...new Set(total.errors)]
    for (const one of found) say(`NOT THE SAME: ${one}`)
    const what = `${total.reserved} reservations, ${await recycled()} generations`
    say(`verdict: ${found.length === 0 ? 'the same at the end as at the start' : 'something grew'} after ${what}`)
    return found.length === 0
  } finally {
    await manager.stop()
    await removeInstance(instance)
    rmSync(folder, { recursive: true })
  }
}

function say(text: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`)
}

// A planted leak may keep the process alive.
process.exit((await soak(readOptions())) ? 0 : 1)
