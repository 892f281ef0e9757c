/** Which containers are off the network, seen from outside. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { firewallName } from '../src/engine/docker/firewall/spec.ts'
import { networkName } from '../src/engine/docker/network/spec.ts'
import { dockerLines } from './docker.ts'

/**
 * Calls `saw` with a container's name and epoch milliseconds when the kernel reports that its address is blocked, which
 * is when that is in force. Knows the containers that are on the network now. Resolves when it listens, with a function
 * that stops it.
 */
export async function followBlocked(
  instance: string,
  saw: (container: string, at: number) => void,
): Promise<() => Promise<void>> {
  const format = '{{range .Containers}}{{.IPv4Address}} {{.Name}}{{"\\n"}}{{end}}'
  const members = await dockerLines('network', 'inspect', '--format', format, networkName(instance, 'internet'))
  const names = new Map(members.map((line) => line.split(/\/\d+ /) as [string, string]))
  // nft does not report that it listens, so echo does, a little before.
  const listen = 'echo listening; exec nft monitor new elements'
  const command = ['exec', firewallName(instance), 'sh', '-c', listen]
  const monitor = spawn('docker', command, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: monitor.stdout }).on('line', (line) => {
    const at = performance.timeOrigin + performance.now()
    for (const [address] of line.matchAll(/\d+\.\d+\.\d+\.\d+/g)) {
      const name = names.get(address)
      if (name !== undefined) saw(name, at)
    }
  })
  await once(lines, 'line')
  return async () => {
    const over = once(monitor, 'exit')
    monitor.kill()
    await over
  }
}
