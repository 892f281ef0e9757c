/** From starting the manager to its serving, and to its having seen to what it found. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchPool, Group, Lab } from '../session.ts'
import { inTurn, median } from '../measuring.ts'
import { startBare } from '../servers/servers.ts'

const SIZE = 100
const ROUNDS = 5

interface Started {
  /** Milliseconds after the start of the process. */
  readonly serving: number
  readonly reconciled: number
}

export const start: Group = {
  name: 'start',
  about: `All is set up and ${SIZE} containers run, but for one that was removed while the manager was away. Serving: \`/healthz\` answers
200. Reconciled: \`/readyz\` answers 200, and that one is being made again. The limit is a program with a bare fastify route.`,
  async *measure(lab) {
    await using pool = lab.openPool({ size: SIZE })
    await pool.fill()
    const started: Started[] = []
    const bare: number[] = []
    await inTurn(ROUNDS, async () => {
      bare.push(await startBareOnce())
      started.push(await startAgain(lab, pool))
      await pool.untilReady()
    })
    const how = `median of ${ROUNDS}`
    yield {
      what: 'start to serving',
      value: median(started.map((one) => one.serving)),
      unit: 'ms',
      how,
      limit: { what: 'a bare program', value: median(bare), unit: 'ms' },
      target: { of: 'figure', is: 'under', than: 1_000 },
    }
    yield {
      what: `start to reconciled, ${SIZE} containers`,
      value: median(started.map((one) => one.reconciled)),
      unit: 'ms',
      how,
      target: { of: 'figure', is: 'under', than: 5_000 },
    }
  },
}

/** Stops a manager whose containers are all ready, and starts it; one container is lost meanwhile. */
export async function startAgain(lab: Lab, pool: BenchPool): Promise<Started> {
  const { manager } = pool
  await manager.interrupt()
  const [lost = ''] = await lab.docker.labelled(pool.label)
  await lab.docker.remove(lost)
  const made = Promise.withResolvers<void>()
  const stop = await lab.docker.follow(pool.label, ({ action }) => {
    if (action === 'create') made.resolve()
  })
  const began = performance.now()
  const started = manager.start()
  await until(manager.url, '/healthz')
  const serving = performance.now() - began
  await until(manager.url, '/readyz')
  await made.promise
  const reconciled = performance.now() - began
  stop()
  await started
  return { serving, reconciled }
}

async function until(url: string, path: string): Promise<void> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await sleep(5)) {
    const response = await fetch(url + path).catch(() => null)
    await response?.text()
    if (response?.status === 200) return
  }
  throw new Error(`${path} does not answer 200`)
}

async function startBareOnce(): Promise<number> {
  const began = performance.now()
  await using bare = await startBare([{ path: '/', status: 200, headers: {}, body: '{}', serialises: false }])
  await fetch(bare.url)
  return performance.now() - began
}
