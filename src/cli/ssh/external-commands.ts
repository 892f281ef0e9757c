/** The only programs that the command runs: the system's ssh, scp, rsync, ssh-keyscan, ssh-keygen, and an editor. */
import { execFile, spawn, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { reasonOf } from '../../domain/errors.ts'
import { EXIT, Failure } from '../failures.ts'

const SCAN_TIMEOUT_S = 10

export interface SshRun {
  /** Resolves with ssh's exit code; 255 if ssh itself failed or was killed. */
  readonly done: Promise<number>
  readonly input: NodeJS.WritableStream | null
  readonly output: NodeJS.ReadableStream | null
  readonly errors: NodeJS.ReadableStream | null
  stop(): void
}

export function runSsh(args: readonly string[], stdio: StdioOptions, program: 'ssh' | 'scp' | 'rsync' = 'ssh'): SshRun {
  const child = spawn(program, args, { stdio })
  const done = (async () => {
    try {
      const [code] = (await once(child, 'close')) as [number | null]
      return code ?? 255
    } catch (error) {
      throw missing(program, error)
    }
  })()
  return { done, input: child.stdin, output: child.stdout, errors: child.stderr, stop: () => void child.kill() }
}

/** Returns the exit code of a run that ends by itself, or because of the signal. */
export async function untilEnd({ done, stop }: SshRun, interrupted: AbortSignal): Promise<number> {
  if (interrupted.aborted) stop()
  interrupted.addEventListener('abort', stop)
  try {
    return await done
  } finally {
    interrupted.removeEventListener('abort', stop)
  }
}

/** Returns the ed25519 host key at this address as a line of known_hosts; null if there is none. */
export async function scanHostKey(host: string, port: number): Promise<string | null> {
  const args = ['-T', String(SCAN_TIMEOUT_S), '-t', 'ed25519', '-p', String(port), '--', host]
  const { stdout } = await run('ssh-keyscan', args)
  return stdout.split('\n').find((line) => line.includes(' ssh-ed25519 ')) ?? null
}

/** Returns the settings, in lower case, that ssh's configuration has for a host. */
export async function sshSettings(host: string): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await run('ssh', ['-G', '--', host])
  return new Map(
    stdout.split('\n').map((line) => {
      const [name = '', ...words] = line.split(' ')
      return [name, words.join(' ')] as const
    }),
  )
}

/** Opens a vscode-remote:// address. Returns false if there is no editor, or it fails. */
export async function openInEditor(address: string): Promise<boolean> {
  try {
    await promisify(execFile)('code', ['--folder-uri', address])
    return true
  } catch {
    return false
  }
}

/** Creates a key pair: `file` and `file.pub`. */
export async function generateKey(file: string): Promise<void> {
  const { stderr, failed } = await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'berth', '-f', file])
  if (failed) throw new Failure(EXIT.failed, `ssh-keygen failed: ${stderr.trim()}`.split('\n'))
}

/** Runs a program to its end. A failure is a result: ssh-keyscan fails if the host does not answer. */
async function run(program: string, args: readonly string[]) {
  try {
    return { ...(await promisify(execFile)(program, args)), failed: false }
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string }
    if (code === 'ENOENT' || stdout === undefined || stderr === undefined) throw missing(program, error)
    return { stdout, stderr, failed: true }
  }
}

function missing(program: string, error: unknown): Failure {
  const advice = program === 'rsync' ? 'install rsync' : 'install an OpenSSH client (openssh-client)'
  return new Failure(EXIT.failed, `${program} cannot be started: ${reasonOf(error)}`, { advice })
}
