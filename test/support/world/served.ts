/** A server in a process of its own, watched from outside while somebody does their worst to it. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { eventually } from '../../../lab/eventually.ts'
import type { Calm } from '../http/steady-client.ts'

const PROGRAM = fileURLToPath(new URL('./served-world.ts', import.meta.url))
const CLIENT = new URL('../http/steady-client.ts', import.meta.url)
const MiB = 1024 ** 2

/** An answer that comes later than this was not served, milliseconds; on machines that have other work, too. */
const PROMPT = 2_000

export interface ServedOptions {
  /** Whether everybody needs a token. */
  readonly tokens?: boolean
  readonly rateLimit?: number
  /** Containers of each of its pools, "calm" and "busy". */
  readonly size?: number
  /** Most descriptors that the process may have open. */
  readonly descriptors?: number
}

export interface Usage {
  /** Bytes that are in use after a collection: the heap, and what it holds outside of it. */
  readonly memory: number
  /** Timers that keep the process alive. */
  readonly timers: number
}

export interface Served {
  readonly port: number
  readonly url: string
  readonly token: string
  /** Resident memory in bytes, and open descriptors, as the kernel counts them. */
  seen(): { readonly resident: number; readonly descriptors: number }
  usage(): Promise<Usage>
  /**
   * Runs `attack` while somebody well-behaved goes on asking and reserving: every answer must be right and prompt. Then
   * everything that the attack has cost must be given back. Gives how often they were served meanwhile.
   */
  withstands(attack: () => Promise<unknown>, bounds?: Partial<Bounds>): Promise<number>
  stop(): Promise<void>
}

interface Bounds {
  /** How far resident memory may rise while it lasts, bytes. */
  readonly peak: number
  /** How much more may be in use after it, bytes. */
  readonly kept: number
  /** Milliseconds. */
  readonly prompt: number
}

/**
 * The heap is given 256 MiB, in which a collection comes when it must; the rest is buffers and code. Beyond them the
 * server ends.
 */
const BOUNDS: Bounds = { peak: 384 * MiB, kept: 8 * MiB, prompt: PROMPT }

export async function serve(options: ServedOptions = {}): Promise<Served> {
  const node = [process.execPath, '--expose-gc', '--max-old-space-size=256', PROGRAM, JSON.stringify(options)]
  // Node raises the soft limit to the hard one.
  const limit = ['-c', `ulimit -n ${options.descriptors ?? '$(ulimit -Hn)'} && exec "$@"`, 'sh', ...node]
  const child = spawn('sh', limit, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [{ port, token }] = (await once(child, 'message')) as [{ port: number; token: string }]
  const url = `http://127.0.0.1:${port}`
  const served: Served = {
    port,
    url,
    token,
    seen: () => look(child.pid ?? 0),
    async usage() {
      child.send('usage')
      const [told] = (await once(child, 'message')) as [Usage]
      return told
    },
    withstands: (attack, bounds = {}) => withstand(served, child, attack, { ...BOUNDS, ...bounds }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const over = once(child, 'exit')
      child.kill('SIGKILL')
      await over
    },
  }
  return served
}

function look(pid: number): { resident: number; descriptors: number } {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { resident: Number(kib) * 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length }
}

async function withstand(
  served: Served,
  child: ChildProcess,
  attack: () => Promise<unknown>,
  { peak, kept, prompt }: Bounds,
): Promise<number> {
  // What is made once, at the first use of anything, is no leak.
  const warm = await befriend(served)
  await warm.times(20)
  await warm.end()
  const before = { ...served.seen(), ...(await served.usage()) }
  const friend = await befriend(served)
  await friend.times(1)
  let highest = 0
  const watching = setInterval(() => {
    if (child.exitCode === null && child.signalCode === null) highest = Math.max(highest, served.seen().resident)
  }, 20)
  try {
    await attack()
  } finally {
    clearInterval(watching)
  }
  await friend.times(3)
  const { rounds, slowest, wrong } = await friend.end()
  assert.deepEqual(wrong, [], 'not served as they should be meanwhile')
  assert.equal(child.exitCode ?? child.signalCode, null, 'the server has ended')
  assert.ok(slowest < prompt, `somebody waited for ${Math.round(slowest)} ms meanwhile`)
  const rise = highest - before.resident
  assert.ok(rise < peak, `memory rose by ${Math.round(rise / MiB)} MiB`)
  await eventually(async () => {
    const { descriptors } = served.seen()
    assert.ok(descriptors <= before.descriptors + 2, `${descriptors} descriptors, ${before.descriptors} before`)
    const after = await served.usage()
    assert.ok(after.memory < before.memory + kept, `${(after.memory - before.memory) / MiB} MiB were not given back`)
    assert.ok(after.timers <= before.timers + 1, `${after.timers} timers, ${before.timers} before`)
    return true
  })
  return rounds
}

interface Friend {
  /** Resolves when they were served that often from now on, or did not get what they asked for. */
  times(count: number): Promise<void>
  end(): Promise<Calm>
}

/** In a thread of their own: what the attack costs this process does not slow them down. */
async function befriend({ url, token }: Served): Promise<Friend> {
  const worker = new Worker(CLIENT, { workerData: { url, token } })
  let latest: Calm = { rounds: 0, slowest: 0, wrong: [] }
  worker.on('message', (told: Calm) => {
    latest = told
  })
  await once(worker, 'message')
  return {
    async times(count) {
      const goal = latest.rounds + count
      while (latest.rounds < goal && latest.wrong.length === 0) await once(worker, 'message')
    },
    async end() {
      worker.postMessage('end', [])
      await once(worker, 'exit')
      return latest
    },
  }
}
