/**
 * What the README says about speed: medians on this machine, of a real manager on the real engine with a real SSH client,
 * beside what the engine alone takes for the same. Prints a table, or JSON with --json.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import ssh2 from 'ssh2'
import { parseConfig } from '../src/config.ts'
import { startManager } from '../src/main.ts'
import { removeInstance } from '../test/support/instance.ts'

const run = promisify(execFile)
const ROUNDS = 15
const SIZE = 10
const INSTANCE = 'bench'
const BASE = 'http://127.0.0.1:19180'

interface Figure {
  readonly what: string
  readonly median: number
  readonly least: number
  readonly most: number
}

interface Answer {
  readonly containers: readonly { readonly port: number; readonly container: string }[]
}

async function measure(what: string, times: number, once: (round: number) => Promise<number>): Promise<Figure> {
  const all: number[] = []
  for (let round = 0; round < times; round += 1) all.push(await once(round))
  const sorted = all.toSorted((a, b) => a - b).map(Math.round)
  const at = (index: number) => sorted[index] ?? Number.NaN
  return { what, median: at(Math.floor(sorted.length / 2)), least: at(0), most: at(sorted.length - 1) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(BASE + path)
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

async function untilReady(): Promise<void> {
  while ((await get<{ available: string[] }>('/available')).available.length < SIZE) await sleep(20)
}

/**
 * Up to a login that was accepted. With noDelay, or ssh2's small writes wait for acknowledgements, some 40 ms each and three of
 * them; in a log of OpenSSH's client there was one such wait, of 35 ms. Neither is ours to measure.
 */
async function logIn(port: number, username: string): Promise<void> {
  const client = new ssh2.Client()
  const ready = Promise.withResolvers<void>()
  client.once('ready', ready.resolve).once('error', ready.reject)
  client.connect({ sock: connect({ host: '127.0.0.1', port, noDelay: true }), username, password: 'test' })
  await ready.promise
  client.end()
}

/** The same account commands as the manager's, given to Docker by hand. */
async function rawAccount(container: string, round: number): Promise<void> {
  const script = `useradd --create-home --shell /bin/bash raw${round} && echo 'raw${round}:$6$salt$hash' | chpasswd --encrypted`
  await run('docker', ['exec', container, 'sh', '-c', script])
}

async function bench(): Promise<Figure[]> {
  const figures: Figure[] = []
  await untilReady()
  const names = (await get<{ available: string[] }>('/available')).available
  const last = names.at(-1) ?? ''
  figures.push(
    await measure('docker exec true, by hand', ROUNDS, () => timed(() => run('docker', ['exec', last, 'true']))),
    await measure('docker exec useradd + chpasswd, by hand', ROUNDS, (n) => timed(() => rawAccount(last, n))),
  )
  const logins: number[] = []
  figures.push(
    await measure('reserve 1: request to answer', ROUNDS, async (round) => {
      const began = performance.now()
      const { containers } = await get<Answer>(`/reserve?username=u${round}&count=1`)
      const answered = performance.now() - began
      await logIn(containers[0]?.port ?? 0, `u${round}`)
      logins.push(performance.now() - began)
      await get('/release_all')
      await untilReady()
      return answered
    }),
    await measure('reserve 1: request to first SSH login', ROUNDS, async (round) => logins[round] ?? Number.NaN),
    await measure('reserve 10: request to answer', 5, async () => {
      const ms = await timed(() => get<Answer>(`/reserve?username=ten&count=${SIZE}`))
      await get('/release_all')
      await untilReady()
      return ms
    }),
  )
  const ready: number[] = []
  figures.push(
    await measure('release 1: request to nobody in', ROUNDS, async () => {
      await get('/reserve?username=rel')
      const ms = await timed(() => get('/release_all'))
      ready.push(await timed(untilReady))
      return ms
    }),
    await measure('release 1: nobody in to ready again', ROUNDS, async (round) => ready[round] ?? Number.NaN),
    await measure('GET /available', 200, () => timed(() => get('/available'))),
  )
  return figures
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-bench-'))
  const yaml = `listen: 127.0.0.1:19180
auth: none
instance: ${INSTANCE}
log: error
pools: { ${INSTANCE}: { size: ${SIZE}, ssh_ports: 19181-${19_180 + SIZE} } }`
  const manager = await startManager(parseConfig(yaml, join(folder, 'berth.yml'), { ...process.env }))
  try {
    const figures = await bench()
    if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
    else {
      process.stdout.write(
        `\n${cpus().length} cores; milliseconds\n\n| what | median | least | most |\n|---|---|---|---|\n`,
      )
      for (const f of figures) process.stdout.write(`| ${f.what} | ${f.median} | ${f.least} | ${f.most} |\n`)
    }
  } finally {
    await manager.stop()
    await removeInstance(INSTANCE)
    rmSync(folder, { recursive: true })
  }
}

await main()
