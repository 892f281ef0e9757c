/** What the firewall's rules are good for: the same attempt without them. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { firewallName } from '../../../src/engine/docker/firewall/spec.ts'
import { eventually } from '../../../lab/eventually.ts'

const run = promisify(execFile)

/** Runs docker, on whichever engine. */
type RunDocker = (...args: string[]) => Promise<string>

/**
 * Runs `work` while the firewall is paused and nft has carried out `changes`, lines for `nft -f -`. The firewall loads
 * its own rules when it goes on, within seconds; resolves when `restored` says so.
 */
export async function withChangedRules<T>(
  { docker, instance, changes, restored }: Change,
  work: () => Promise<T>,
): Promise<T> {
  await pauseFirewall(docker, instance)
  try {
    await nft(docker, changes)
    return await work()
  } finally {
    await docker('unpause', firewallName(instance))
    await eventually(restored)
  }
}

/**
 * While the firewall is paused it notices nothing. runc (1.1, cgroup v1) refuses to freeze what is forking just now: it
 * is asked until it does.
 */
export async function pauseFirewall(docker: RunDocker, instance: string): Promise<void> {
  await eventually(async () => (await docker('pause', firewallName(instance))) !== '')
}

interface Change {
  readonly docker: RunDocker
  readonly instance: string
  readonly changes: string
  readonly restored: () => Promise<boolean>
}

async function nft(docker: RunDocker, lines: string): Promise<void> {
  // A container that is paused takes no exec, and this one has nft.
  const host = ['--rm', '--network', 'host', '--cap-add', 'NET_ADMIN', '--entrypoint', 'sh']
  await docker('run', ...host, 'berth/box', '-c', 'printf "%s\\n" "$1" | nft -f -', 'sh', lines)
}

/** How many connections from or to this address the kernel keeps in its table. */
export async function trackedConnections(protocol: 'tcp' | 'udp', address: string): Promise<number> {
  const count = `grep -c -E " $1 .*(src|dst)=$2 " /proc/net/nf_conntrack || true`
  const { stdout } = await run('sh', ['-c', count, 'sh', protocol, address])
  return Number(stdout)
}
