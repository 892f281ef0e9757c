/** The name of this machine among all that may share a database or an engine. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** The host name with a digest of the machine's id, since many hosts are called "debian". */
export function hostName(): string {
  const machine = readLine('/etc/machine-id')
  const digest = createHash('sha256').update(machine).digest('hex').slice(0, 8)
  return machine === '' ? hostname() : `${hostname()}-${digest}`
}

/** Returns the text of a file of one line; empty when it cannot be read. */
export function readLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}
