/** Verifies a container's SSH host key against the fingerprint from the API. */
import { createHash } from 'node:crypto'
import { EXIT, Failure } from '../failures.ts'
import { scanHostKey } from './external-commands.ts'
import { type SshTarget, assertUsable } from './target.ts'

/** Returns a line of known_hosts with the verified key; throws a `Failure`. */
export async function verifiedHostKey(container: SshTarget): Promise<string> {
  const { name, host, port, host_key: expected } = container
  assertUsable(container)
  if (port === null || expected === null) {
    const advice = 'see `berth show`, and try again in some seconds'
    throw new Failure(EXIT.notNow, `${name} is not running at the moment`, { advice })
  }
  const line = await scanHostKey(host, port)
  if (line === null) {
    const advice = 'can this machine reach that address? It is set by ssh.bind and ssh.host in berth.yml'
    throw new Failure(EXIT.unreachable, `no SSH server answers at ${host}:${port}, the address of ${name}`, { advice })
  }
  const found = fingerprintOf(line)
  if (found === expected) return line
  const message = [
    `THE HOST KEY OF ${name} IS NOT THE ONE THAT THE MANAGER KNOWS. Login refused: an attacker may be listening in.`,
    `  expected ${expected}`,
    `  found    ${found} at ${host}:${port}`,
  ]
  const advice =
    'try again once: the container may just have been replaced; if it happens again, inform the operator of the manager'
  throw new Failure(EXIT.failed, message, { advice, code: 'host_key_mismatch' })
}

/** "[localhost]:2221 ssh-ed25519 AAAA…" -> "SHA256:…", as ssh prints it. */
export function fingerprintOf(line: string): string {
  return keyFingerprint(line.split(' ')[2] ?? '')
}

/** Returns "SHA256:…" of a public key in base64. */
export function keyFingerprint(key: string): string {
  return `SHA256:${createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')}`
}
