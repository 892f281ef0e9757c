import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import { docker, dockerLines } from './docker.ts'
import { eventually } from './eventually.ts'

/**
 * Number of times, 0.1 s and more apart, that Docker may refuse to remove a network without containers. It sometimes
 * counts an endpoint of a container that is gone, until it is restarted (20.10; moby/moby#42119).
 */
const MAX_REFUSED = 20

export interface TestInstance {
  readonly instance: string
  /** Container names are unique on a host, so a test has a pool of its own as well. */
  readonly pool: string
}

/**
 * Returns an instance of its own. After the tests of the file, everything with its label is removed, and a container
 * among it fails the run: the code under test forgot it. A network does not: Berth keeps its network by design. Call it
 * before the hooks that clean up: hooks run in the order in which they are registered, last of all those of the file's
 * own level.
 */
export function testInstance(name: string): TestInstance {
  const made = newInstance(name)
  after(() => removeLeaving(made.instance, []))
  return made
}

/** Returns the name alone; the caller cleans up. */
export function newInstance(name: string): TestInstance {
  const instance = `${name}-${process.pid}-${randomBytes(3).toString('hex')}`
  return { instance, pool: instance }
}

/** Removes everything of the instance, and fails when there were containers besides those that should be left. */
export async function removeLeaving(instance: string, expected: readonly string[]): Promise<void> {
  const found = await dockerLines('ps', '--all', '--filter', labelOf(instance), '--format', '{{.Names}}')
  await removeInstance(instance)
  const leaked = found.filter((name) => !expected.includes(name))
  assert.deepEqual(leaked, [], `containers left behind by ${instance}`)
}

/**
 * Removes every container, prepared image and network of the instance, its firewall and the ledger. A manager that was
 * killed may have left requests with Docker, which removes a container or makes one a moment later: it goes on until
 * nothing is left.
 */
export async function removeInstance(instance: string): Promise<void> {
  const label = labelOf(instance)
  const firewall = `label=berth.guard=${instance}`
  let refused = 0
  const tolerate = (error: Error) => {
    refused += 1
    if (refused < MAX_REFUSED || !error.message.includes('has active endpoints')) throw error
    process.emitWarning(`Docker keeps a network of ${instance}: ${error.message.trim()}`)
  }
  await eventually(async () => {
    const containers = await dockerLines('ps', '--all', '--quiet', '--filter', label)
    if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers)
    const firewalls = await dockerLines('ps', '--all', '--quiet', '--filter', firewall)
    // Stopped first: it takes its rules with it.
    if (firewalls.length > 0) await docker('stop', ...firewalls)
    if (firewalls.length > 0) await docker('rm', ...firewalls)
    const ledgers = await dockerLines('volume', 'ls', '--quiet', '--filter', firewall)
    if (ledgers.length > 0) await docker('volume', 'rm', ...ledgers)
    const images = await dockerLines('image', 'ls', '--quiet', '--filter', `label=berth.prepared=${instance}`)
    if (images.length > 0) await docker('image', 'rm', ...images)
    const networks = await dockerLines('network', 'ls', '--quiet', '--filter', label)
    if (networks.length > 0) await docker('network', 'rm', ...networks).catch(tolerate)
    return true
  })
}

function labelOf(instance: string): string {
  return `label=berth.instance=${instance}`
}
