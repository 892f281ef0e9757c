/** Whether who answers at a container's port is that container: its host key against the fingerprint of the API. */
import { createHash } from 'node:crypto'
import type { Reservation } from '../client/client.ts'
import { EXIT, Failure } from './failures.ts'
import { scanHostKey } from './programs.ts'

export type Place = Reservation['containers'][number]

/** A line of known_hosts, or a `Failure`. Its key is the one that the manager has seen inside the container. */
export async function verifiedHostKey({ name, host, port, host_key: expected }: Place): Promise<string> {
  if (port === null || expected === null) {
    const advice = '`berth show` tells how it is; try again in some seconds'
    throw new Failure(EXIT.notNow, `${name} is not up at the moment`, { advice })
  }
  const line = await scanHostKey(host, port)
  if (line === null) {
    const advice = 'can this machine reach that address? ssh.bind and ssh.host of berth.yml decide which it is'
    throw new Failure(EXIT.unreachable, `nobody answers at ${host}:${port}, where ${name} should be`, { advice })
  }
  const found = fingerprintOf(line)
  if (found === expected) return line
  const message = [
    `THE HOST KEY OF ${name} IS NOT THE ONE THAT THE MANAGER KNOWS. Somebody may be listening in: not logging in.`,
    `  expected ${expected}`,
    `  found    ${found} at ${host}:${port}`,
  ]
  const advice =
    'the container may have been replaced this very moment: try again once; if it stays, tell whoever runs the manager'
  throw new Failure(EXIT.failed, message.join('\n'), { advice, code: 'host_key_mismatch' })
}

/** "[localhost]:2221 ssh-ed25519 AAAA…" -> "SHA256:…", as ssh prints it. */
export function fingerprintOf(line: string): string {
  const key = Buffer.from(line.split(' ')[2] ?? '', 'base64')
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}
