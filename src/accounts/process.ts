/** The only place in Berth that starts a process. */
import { spawn } from 'node:child_process'

/** Between the polite signal and the one that nothing survives. */
const killAfterMs = 2_000

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

  const killGroup = (name: NodeJS.Signals) => {
    try {
      if (child.pid) process.kill(-child.pid, name)
    } catch {
      // The group is gone already.
    }
  }
  let hard: NodeJS.Timeout | undefined
  const abort = () => {
    killGroup('SIGTERM')
    hard = setTimeout(killGroup, killAfterMs, 'SIGKILL')
  }
  signal.addEventListener('abort', abort, { once: true })
  try {
    const code = await promise
    signal.throwIfAborted()
    return { code, stdout: stdout(), stderr: stderr() }
  } finally {
    signal.removeEventListener('abort', abort)
    clearTimeout(hard)
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}
