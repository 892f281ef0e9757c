/** Checks the address and user name of a login before ssh, a shell or Ansible sees them. */
import type { Reservation } from '../../client/client.ts'
import { isContainerName, isPlainHost, isPlainName, isPort } from '../../domain/text/foreign-text.ts'
import { EXIT, Failure } from '../failures.ts'

export type SshTarget = Reservation['containers'][number]

/**
 * Throws a `Failure` for an invalid address or user name. ssh could read it as an option or a list, and passes both to
 * the shell of a ProxyCommand or a Match in the user's configuration.
 */
export function assertUsable({ name, host, port }: SshTarget, username?: string): void {
  const refuse = (what: string, value: unknown) => {
    const advice = 'check that --url, BERTH_URL or the config file names a Berth manager'
    return new Failure(EXIT.unreachable, `the manager sent the invalid ${what} "${value}" for ${name}`, { advice })
  }
  if (!isPlainHost(host)) throw refuse('address', host)
  if (port !== null && !isPort(port)) throw refuse('port', port)
  if (username !== undefined && !isPlainName(username)) throw refuse('user name', username)
}

/** Throws a `Failure` for a name that no container can have. */
export function assertContainerName(name: string): void {
  if (isContainerName(name)) return
  throw new Failure(EXIT.unreachable, `the manager sent the invalid name "${name}"`)
}

/**
 * Returns the name under which ssh knows the host key of a container. It contains the generation: a new container is a
 * new name to ssh, not a known one whose key has changed.
 */
export function hostKeyAlias({ name, generation }: Pick<SshTarget, 'name' | 'generation'>): string {
  if (Number.isInteger(generation)) return `${name}.g${generation}.berth`
  throw new Failure(EXIT.notNow, `${name} is not running at the moment`)
}

/** Returns a command that logs in, without `berth ssh` where that is possible; "" if the address is invalid. */
export function sshCommandOf({ name, host, port, tunnel }: SshTarget, username: string): string {
  if (tunnel && isContainerName(name)) return `berth ssh ${name}`
  const isUsable = isPlainHost(host) && isPort(port) && isPlainName(username)
  return isUsable ? `ssh -p ${port} ${username}@${host}` : ''
}
