/** Starts the commands that run playbooks, and kills their whole process group. */
import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Time from SIGTERM to SIGKILL. */
const KILL_AFTER_MS = 2_000
/** Maximum time to wait until killed processes are gone, and how often they are checked. */
const MAX_KILL_WAIT_MS = 2_000
const CHECK_EVERY_MS = 10

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** What the command reads on its stdin. */
  readonly input: string
  /** Aborting it ends the command with all its children; the promise then rejects with the signal's reason. */
  readonly signal: AbortSignal
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in a process group of its own, without a shell. Rejects if it cannot be started. */
export async function runCommand({ file, args, cwd, env, input, signal }: Command): Promise<Finished> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  const child = spawn(file, args, { cwd, env, detached: true, stdio: 'pipe' })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  child.stdin.on('error', () => undefined) // the command may end without reading it
  child.stdin.end(input)
  child.on('error', reject)
  child.on('close', resolve)

  let hard: NodeJS.Timeout | undefined
  const abort = () => {
    signalGroup(child.pid, 'SIGTERM')
    hard = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS)
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

/** Sends a signal to a process group. Returns whether it had any process. */
function signalGroup(leader: number | undefined, name: NodeJS.Signals): boolean {
  try {
    return leader !== undefined && process.kill(-leader, name)
  } catch {
    return false
  }
}

/** Kills what the leader left behind: processes that ignored SIGTERM or have not died yet. */
async function killRest(leader: number | undefined): Promise<void> {
  const deadline = performance.now() + MAX_KILL_WAIT_MS
  while (signalGroup(leader, 'SIGKILL') && performance.now() < deadline) {
    // A dead process stays in the group until its parent has waited for it, which may take long.
    if (!(await isGroupAlive(leader))) return
    await sleep(CHECK_EVERY_MS)
  }
}

/** Reads /proc/PID/stat: "PID (name) state parent group ...", of which the name may contain anything. */
async function isGroupAlive(group: number | undefined): Promise<boolean> {
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
