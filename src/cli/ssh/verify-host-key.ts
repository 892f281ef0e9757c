/** Verifies a container's SSH host key against the fingerprint from the API. */
import { createHash } from 'node:crypto'
import { isHostKey } from '../../domain/text/foreign-text.ts'
import { EXIT, Failure } from '../failures.ts'
import { scanHostKey } from './external-commands.ts'
import { type SshTarget, assertUsable } from './target.ts'

/** Returns a line of known_hosts with the verified key; throws a `Failure`. */
export async function verifiedHostKey(container: SshTarget): Promise<string> {
  const { name, host, port, host_key: expected } = container
  assertUsable(container)
  if (port === null || expected === null) {
    throw notRunning(name)
  }
  const line = await scanHostKey(host, port)
  if (line === null) {
    const advice =
      'can this machine reach that address? It is set by ssh.bind, ssh.gateway and ssh.host in berth.yml; ' +
      '--tunnel connects through the manager'
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

/**
 * Returns the host key, "ssh-ed25519 AAAA…", that the manager has read inside the container. For connections through
 * the manager, where no address can be scanned. Throws a `Failure` if the manager does not know it.
 */
export function hostKeyFromManager({ name, port, known_hosts: line, host_key: expected }: SshTarget): string {
  const hostKey = line?.split(' ').slice(1).join(' ')
  if (isHostKey(hostKey) && keyFingerprint(hostKey.split(' ')[1] ?? '') === expected) return hostKey
  if (port === null || expected === null) throw notRunning(name)
  if (line !== null) throw new Failure(EXIT.unreachable, `the manager sent an invalid host key for ${name}`)
  const message = `the manager knows only the fingerprint of ${name}, which an earlier version has made`
  throw new Failure(EXIT.failed, message, {
    advice: `connect to its port with --no-tunnel, or \`berth reset ${name}\``,
  })
}

function notRunning(name: string): Failure {
  const advice = 'see `berth show`, and try again in some seconds'
  return new Failure(EXIT.notNow, `${name} is not running at the moment`, { advice })
}

/** "[localhost]:2221 ssh-ed25519 AAAA…" -> "SHA256:…", as ssh prints it. */
export function fingerprintOf(line: string): string {
  return keyFingerprint(line.split(' ')[2] ?? '')
}

/** Returns "SHA256:…" of a public key in base64. */
export function keyFingerprint(key: string): string {
  return `SHA256:${createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')}`
}
