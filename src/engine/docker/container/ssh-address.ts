/** Where the manager reaches the sshd of a container, as opposed to `ssh.host`, where people do. */
import { isLoopback } from '../../../domain/text/loopback.ts'
import type { SshAddress } from '../../../ports/engine.ts'
import type { ContainerInspectInfo } from '../api/types.ts'
import { isOnlyAmongPeers } from '../peers/spec.ts'

/** Docker writes "" in place of a wildcard in some versions. */
const WILDCARDS: readonly string[] = ['', '0.0.0.0', '::']

/**
 * Returns the address at which sshd is published now. Bound to all addresses of the engine's host, or to its loopback,
 * it is dialled at `engineHost`. null while it is down, or off its network.
 */
export function sshAddressOf(
  { State, NetworkSettings }: ContainerInspectInfo,
  instance: string,
  engineHost: string,
): SshAddress | null {
  const [published] = NetworkSettings.Ports['22/tcp'] ?? []
  if (!State.Running || !published || isOnlyAmongPeers(NetworkSettings.Networks, instance)) return null
  const { HostIp: bind, HostPort: port } = published
  const isLocalEngine = isLoopback(engineHost)
  const isOwnAddress = !WILDCARDS.includes(bind) && (isLocalEngine || !isLoopback(bind))
  return { host: isOwnAddress ? bind : engineHost, port: Number(port) }
}

/** Returns the host of an engine's address such as tcp://host:2376; the loopback for the socket of this machine. */
export function engineHostOf(address: string): string {
  const host = URL.parse(address)?.hostname ?? ''
  return host === '' ? '127.0.0.1' : host.replace(/^\[|\]$/g, '')
}
