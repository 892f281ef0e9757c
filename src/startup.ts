/** What a person sees when the manager starts: one block, and a line whenever the pools have filled further; or why it does not. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from './config.ts'
import type { Container, ContainerState } from './core/container.ts'
import { BerthError, reasonOf } from './core/errors.ts'
import type { Pool } from './core/pool.ts'
import type { Pools } from './core/pools.ts'
import type { Engine } from './core/ports.ts'
import type { Store } from './core/store.ts'

const LOOK_EVERY = 500
const SETTLED: readonly ContainerState[] = ['ready', 'reserved', 'quarantined']

export async function announce(address: string, config: Config, engine: Engine): Promise<void> {
  const version = await engine.version().catch((error: unknown) => `not there yet: ${reasonOf(error)}`)
  say('Berth')
  say('  serving', address)
  say('  database', config.database)
  say('  engine', version)
  say('  accounts', config.accounts)
  say('  access', accessOf(config))
}

/** Only whoever starts it sees this, and only once: on stdout, never in the log. */
export function showFirstToken(text: string | null): void {
  if (text === null) return
  say('  token', 'the first one, of an admin; it is shown only now. To use it:')
  say('', `export BERTH_TOKEN=${text}`)
}

function accessOf({ auth, signOn }: Config): string {
  if (auth === 'none') return 'for everybody who reaches it (auth: none)'
  return signOn ? `with a token, or one of ${signOn.issuer}` : 'with a token'
}

/** Tells how the pools fill until they are full for the first time. Gives the stop. */
export function followFilling(store: Store, pools: Pools): () => Promise<void> {
  const stopped = new AbortController()
  const done = follow(store, pools, stopped.signal)
  return async () => {
    stopped.abort()
    await done
  }
}

async function follow(store: Store, pools: Pools, signal: AbortSignal): Promise<void> {
  let last = ''
  while (!signal.aborted) {
    const { containers } = await store.snapshot()
    const counts = readyCounts(containers, pools.all())
    if (counts !== last) say('  pools', counts)
    last = counts
    if (containers.length > 0 && containers.every((c) => SETTLED.includes(c.state))) return
    await sleep(LOOK_EVERY, undefined, { signal }).catch(() => undefined)
  }
}

function readyCounts(containers: readonly Container[], pools: readonly Pool[]): string {
  const counts = pools.map(({ name, size }) => {
    const ours = containers.filter((c) => c.pool === name)
    const count = (state: string) => ours.filter((c) => c.state === state).length
    const parts = [`${count('ready')} of ${size} ready`, `${count('reserved')} reserved`, `${count('broken')} broken`]
    return `${name}: ${parts.filter((part) => !part.startsWith('0 ') || part.includes('ready')).join(', ')}`
  })
  return counts.join(', ')
}

/** Ends the process. What nobody has thought of is said with its stack. */
export function sayAndExit(error: unknown): never {
  const text = error instanceof BerthError ? error.message : error instanceof Error ? error.stack : reasonOf(error)
  process.stderr.write(`berth: ${text}\n`)
  process.exit(1)
}

function say(what: string, value = ''): void {
  process.stdout.write(`${what.padEnd(value === '' ? 0 : 12)}${value}\n`)
}
