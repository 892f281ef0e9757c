/** The only place in Berth that starts a process. */
import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Between the polite signal and the one that nothing survives. */
const killAfterMs = 2_000
/** How long is waited for processes that were killed to be gone, and how often that is asked. */
const goneAfterMs = 2_000
const askEveryMs = 10

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** Ends the command with all its children; the promise then rejects with the signal's reason. */
  readonly signal: AbortSignal
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in a process group of its own, without a shell and without stdin. Rejects when it cannot be started. */
export async function runCommand({ file, args, cwd, env, signal }: Command): Promise<Finished> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  child.on('error', reject)
  child.on('close', resolve)

  let hard: NodeJS.Timeout | undefined
  const abort = () => {
    killGroup(child.pid, 'SIGTERM')
    hard = setTimeout(() => killGroup(child.pid, 'SIGKILL'), killAfterMs)
  }
  signal.addEventListener('abort', abort, { once: true })
  try {
    const code = await promise
    if (signal.aborted) await killRest(child.pid)
    signal.throwIfAborted()
    return { code, stdout: stdout(), stderr: stderr() }
  } finally {
    signal.removeEventListener('abort', abort)
    clearTimeout(hard)
  }
}

/** Whether there was anybody in it. */
function killGroup(leader: number | undefined, name: NodeJS.Signals): boolean {
  try {
    return leader !== undefined && process.kill(-leader, name)
  } catch {
    return false
  }
}

/** A leader that ended politely leaves those behind who did not hear, or have not died yet. */
async function killRest(leader: number | undefined): Promise<void> {
  const deadline = performance.now() + goneAfterMs
  while (killGroup(leader, 'SIGKILL') && performance.now() < deadline) {
    // Who is dead is in the group until somebody has taken note, which may take long.
    if (!(await isAnybodyAlive(leader))) return
    await sleep(askEveryMs)
  }
}

/** As /proc/PID/stat says, of which the name may contain anything: "PID (name) state parent group ..." */
async function isAnybodyAlive(group: number | undefined): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')))
  return stats.some((stat) => {
    const [state = 'X', , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(of) === group && !'ZX'.includes(state)
  })
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}
