/** The system's own ssh, for tests of what it accepts and shows. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export interface OpenSshLogin {
  /** "USER@HOST". */
  readonly destination: string
  readonly port: number
  /** File of the private key. */
  readonly keyFile: string
  /** File of the host keys to trust; null trusts any. */
  readonly knownHosts: string | null
  /** Further arguments, such as `-tt`. */
  readonly flags?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a command over ssh, without the configuration of this machine. ssh asks nothing. */
export async function runOpenSsh(
  { destination, port, keyFile, knownHosts, flags = [], env = process.env }: OpenSshLogin,
  command: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const options = [
    `UserKnownHostsFile=${knownHosts ?? '/dev/null'}`,
    `StrictHostKeyChecking=${knownHosts === null ? 'no' : 'yes'}`,
    ...['GlobalKnownHostsFile=none', 'IdentitiesOnly=yes', 'BatchMode=yes', 'LogLevel=ERROR'],
  ].flatMap((option) => ['-o', option])
  const args = ['-F', 'none', ...options, '-i', keyFile, '-p', String(port), ...flags, destination, command]
  return promisify(execFile)('ssh', args, { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  )
}
