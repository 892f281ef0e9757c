/** What a person sees when the manager starts: one block, and a line whenever the pools have filled further. */
import type { Config } from './config.ts'
import { reasonOf } from './core/errors.ts'
import type { Pool } from './core/pool.ts'
import type { Engine, Store } from './core/ports.ts'

const LOOK_EVERY = 500

export async function announce(started: { address: string; config: Config; engine: Engine; store: Store }): Promise<void> {
  const { address, config, engine, store } = started
  const version = await engine.version().catch((error: unknown) => `not there yet: ${reasonOf(error)}`)
  const lines = [
    ['serving', address],
    ['database', config.database],
    ['engine', version],
    ['accounts', config.accounts],
    ...(await readyCounts(store, config.pools)).map((line) => ['pool', line] as const),
  ]
  const block = lines.map(([what, value]) => `  ${`${what}`.padEnd(10)}${value}`).join('\n')
  process.stdout.write(`Berth\n${block}\n`)
}

/** Tells how the pools fill until they are full for the first time. Gives the stop. */
export function followFilling(store: Store, pools: readonly Pool[]): () => Promise<void> {
  let last = ''
  let looking = false
  const timer = setInterval(async () => {
    if (looking) return
    looking = true
    try {
      const counts = await readyCounts(store, pools)
      const line = counts.join(', ')
      if (line !== last) process.stdout.write(`  ${'pool'.padEnd(10)}${line}\n`)
      last = line
      const { containers } = await store.snapshot()
      if (containers.length > 0 && containers.every((c) => c.state === 'ready' || c.state === 'reserved')) clearInterval(timer)
    } finally {
      looking = false
    }
  }, LOOK_EVERY)
  return async () => clearInterval(timer)
}

async function readyCounts(store: Store, pools: readonly Pool[]): Promise<string[]> {
  const { containers } = await store.snapshot()
  return pools.map(({ name, size }) => {
    const ours = containers.filter((c) => c.pool === name)
    const count = (state: string) => ours.filter((c) => c.state === state).length
    const parts = [`${count('ready')} of ${size} ready`, `${count('reserved')} reserved`, `${count('broken')} broken`]
    return `${name}: ${parts.filter((part) => !part.startsWith('0 ') || part.includes('ready')).join(', ')}`
  })
}
