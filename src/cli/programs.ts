/** The system's ssh, ssh-keyscan and ssh-keygen: the only programs that the command runs. */
import { execFile, spawn, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { EXIT, Failure } from './failures.ts'

const SCAN_SECONDS = 10

export interface SshRun {
  /** Its exit code; 255 when ssh itself has failed, or was ended. */
  readonly done: Promise<number>
  readonly output: NodeJS.ReadableStream | null
  readonly errors: NodeJS.ReadableStream | null
  stop(): void
}

/** Runs ssh; with the terminal as it is unless its output is wanted. */
export function runSsh(args: readonly string[], stdio: StdioOptions): SshRun {
  const child = spawn('ssh', args, { stdio })
  const done = (async () => {
    try {
      const [code] = (await once(child, 'close')) as [number | null]
      return code ?? 255
    } catch (error) {
      throw missing('ssh', error)
    }
  })()
  return { done, output: child.stdout, errors: child.stderr, stop: () => void child.kill() }
}

/** The ed25519 host key at this address as a line of known_hosts; null when nobody shows one there. */
export async function scanHostKey(host: string, port: number): Promise<string | null> {
  const args = ['-T', String(SCAN_SECONDS), '-t', 'ed25519', '-p', String(port), '--', host]
  const { stdout } = await run('ssh-keyscan', args)
  return stdout.split('\n').find((line) => line.includes(' ssh-ed25519 ')) ?? null
}

/** Makes a key pair: `file` and `file.pub`. */
export async function generateKey(file: string): Promise<void> {
  const { stderr, failed } = await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'berth', '-f', file])
  if (failed) throw new Failure(EXIT.failed, `ssh-keygen made no key: ${stderr.trim()}`)
}

/** ssh-keyscan fails when nobody answers; that is an answer, too. */
async function run(
  program: string,
  args: readonly string[],
): Promise<{ stdout: string; stderr: string; failed: boolean }> {
  try {
    return { ...(await promisify(execFile)(program, args)), failed: false }
  } catch (error) {
    if (!(error instanceof Error) || !('stdout' in error)) throw missing(program, error)
    if ('code' in error && error.code === 'ENOENT') throw missing(program, error)
    const { stdout, stderr } = error as Error & { stdout: string; stderr: string }
    return { stdout, stderr, failed: true }
  }
}

function missing(program: string, error: unknown): Failure {
  const reason =
    error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'is not installed' : String(error)
  return new Failure(EXIT.failed, `${program}: ${reason}`, { advice: 'install an OpenSSH client (openssh-client)' })
}
