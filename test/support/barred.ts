/** Who is cut off the network, seen from outside. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { guardName } from '../../src/engine/docker/guard-spec.ts'
import { networkName } from '../../src/engine/docker/network-spec.ts'
import { dockerLines } from './docker.ts'

/**
 * The kernel says what is added to the guard's set, when it is in force: `saw` gets the container's name and epoch milliseconds.
 * Of the containers that are on the network now. Resolves, with the stop, when it listens.
 */
export async function followBarred(
  instance: string,
  saw: (container: string, at: number) => void,
): Promise<() => Promise<void>> {
  const format = '{{range .Containers}}{{.IPv4Address}} {{.Name}}{{"\\n"}}{{end}}'
  const members = await dockerLines('network', 'inspect', '--format', format, networkName(instance, 'internet'))
  const names = new Map(members.map((line) => line.split(/\/\d+ /) as [string, string]))
  // It says nothing when it begins to listen, so something else does: the line comes a little before it does.
  const listen = 'echo listening; exec nft monitor new elements'
  const command = ['exec', guardName(instance), 'sh', '-c', listen]
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
