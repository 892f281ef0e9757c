/** Reserved containers as ssh's configuration describes hosts. */
import type { Reservation } from '../../../client/client.ts'
import { isHostKey, isPlainName } from '../../../domain/text/foreign-text.ts'
import { EXIT, Failure } from '../../failures.ts'
import { assertContainerName, assertUsable, hostKeyAlias, type SshTarget } from '../target.ts'
import { proxyCommandFor, type TunnelChoice } from '../tunnel/proxy-command.ts'
import { hostKeyFromManager, verifiedHostKey } from '../verify-host-key.ts'

export interface SshHost {
  /** Container name, POOL-N. */
  readonly name: string
  /** Further names, made from the name of its reservation: web, web-1. */
  readonly otherNames: readonly string[]
  readonly host: string
  readonly port: number
  readonly username: string
  /** File of the private key; undefined if this machine has none. */
  readonly identity: string | undefined
  /** The name under which ssh knows the host key, see `hostKeyAlias`. */
  readonly alias: string
  /** "ssh-ed25519 AAAA…" */
  readonly hostKey: string
  /** ProxyCommand that reaches the container; undefined: ssh connects to its port. */
  readonly proxyCommand: string | undefined
}

interface HostOptions {
  /** File of the private key; undefined if this machine has none. */
  readonly identity: string | undefined
  /** Names of all containers and reservations, which other names must not repeat. */
  readonly takenNames: ReadonlySet<string | null>
  readonly tunnel: TunnelChoice
}

/** Returns the host of one container. Throws a `Failure` if the manager sent anything that ssh could misread. */
export async function sshHostOf(
  reservation: Reservation,
  container: SshTarget,
  { identity, takenNames, tunnel }: HostOptions,
): Promise<SshHost> {
  const { username } = reservation
  const { name, host, port } = container
  assertUsable(container, username)
  assertContainerName(name)
  const alias = hostKeyAlias(container)
  if (port === null) throw new Failure(EXIT.notNow, `${name} is not running at the moment`)
  const proxyCommand = proxyCommandFor(container, tunnel)
  const hostKey = proxyCommand === undefined ? await hostKeyOf(container) : hostKeyFromManager(container)
  if (identity !== undefined) quoted(identity)
  const otherNames = otherNamesOf(reservation, name, takenNames)
  return { name, otherNames, host, port, username, identity, alias, hostKey, proxyCommand }
}

async function hostKeyOf(container: SshTarget): Promise<string> {
  // A container of an earlier version: its fingerprint is known, not its key.
  const line = container.known_hosts ?? (await verifiedHostKey(container))
  const hostKey = line.split(' ').slice(1).join(' ')
  if (isHostKey(hostKey)) return hostKey
  throw new Failure(EXIT.unreachable, `the manager sent an invalid host key for ${container.name}`)
}

/** Leaves out `web-2`, the second container of `web`, if a reservation or a container has that name. */
function otherNamesOf(
  { name, containers }: Reservation,
  container: string,
  takenNames: HostOptions['takenNames'],
): string[] {
  if (!isPlainName(name)) return []
  const index = containers.findIndex((each) => each.name === container)
  const numbered = `${name}-${index + 1}`
  return [...(index === 0 ? [name] : []), ...(takenNames.has(numbered) ? [] : [numbered])]
}

/** Returns the block of one host. `knownHosts` is the file with its key. */
export function blockOf(
  { name, otherNames, host, port, username, identity, alias, proxyCommand }: SshHost,
  knownHosts: string,
): string {
  const options = [
    ['HostName', host],
    ['Port', String(port)],
    ['User', username],
    ...(identity === undefined
      ? []
      : [['IdentityFile', quoted(identity)] as const, ['IdentitiesOnly', 'yes'] as const]),
    ...(proxyCommand === undefined ? [] : [['ProxyCommand', proxyCommand] as const]),
    ['UserKnownHostsFile', quoted(knownHosts)],
    ['GlobalKnownHostsFile', '/dev/null'],
    ['StrictHostKeyChecking', 'yes'],
    ['HostKeyAlias', alias],
    ['HostKeyAlgorithms', 'ssh-ed25519'],
    ['CheckHostIP', 'no'],
    ['UpdateHostKeys', 'no'],
    // A connection that ssh shares may lead to the container that had the port before.
    ['ControlPath', 'none'],
  ] as const
  const names = [name, ...otherNames].map((each) => `${each}.berth`)
  return [`Host ${names.join(' ')}`, ...options.map(([option, value]) => `  ${option} ${value}`), ''].join('\n')
}

/** Quotes a path for ssh's configuration, where % begins a token and $ a variable. */
function quoted(file: string): string {
  if (/["\\$\p{Cc}]/u.test(file)) {
    throw new Failure(EXIT.failed, `ssh's configuration cannot name the file ${file}`, {
      advice: 'move it to a path without quotes, backslashes and dollar signs (XDG_STATE_HOME moves those of berth)',
    })
  }
  return `"${file.replaceAll('%', '%%')}"`
}
