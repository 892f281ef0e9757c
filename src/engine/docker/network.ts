import type Docker from 'dockerode'
import type { Reach } from '../../core/container.ts'
import { BerthError } from '../../core/errors.ts'
import { INSTANCE_LABEL } from '../labels.ts'
import { accept } from './errors.ts'
import { type NetworkBody, networkOptions } from './network-spec.ts'

/**
 * Makes the instance's network for this reach unless it is there. A network of that name that is not ours, or that lets containers
 * talk to each other, is `engine_conflict`: used silently, it would put tenants within reach of one another.
 */
export async function ensureNetwork(
  docker: Docker,
  instance: string,
  reach: Reach,
  signal: AbortSignal,
): Promise<void> {
  const wanted = networkOptions(instance, reach)
  const existing = await inspectNetwork(docker, wanted.Name, signal)
  if (existing !== null) return assertSame(existing, wanted)
  try {
    await docker.createNetwork({ ...wanted, CheckDuplicate: true, abortSignal: signal })
  } catch (error) {
    // 409, or 403 for the interface: someone else (a second manager, `just provision`) made it in between.
    accept(403, 409)(error)
    const made = await inspectNetwork(docker, wanted.Name, signal)
    if (made === null) throw error
    assertSame(made, wanted)
  }
}

async function inspectNetwork(
  docker: Docker,
  name: string,
  signal: AbortSignal,
): Promise<Docker.NetworkInspectInfo | null> {
  const network = docker.getNetwork(name)
  // dockerode takes options here as everywhere; its types do not say so.
  const inspect: (options: { abortSignal: AbortSignal }) => Promise<Docker.NetworkInspectInfo> = network.inspect
  const info = await inspect.call(network, { abortSignal: signal }).catch(accept(404))
  return info ?? null
}

function assertSame(info: Docker.NetworkInspectInfo, wanted: NetworkBody): void {
  const ours = info.Labels?.[INSTANCE_LABEL] === wanted.Labels[INSTANCE_LABEL] && info.Driver === wanted.Driver
  const apart = Object.entries(wanted.Options).every(([option, value]) => info.Options?.[option] === value)
  if (ours && apart) return
  throw new BerthError(
    'engine_conflict',
    `network ${wanted.Name} exists and is not as Berth makes it: remove it with "docker network rm ${wanted.Name}"`,
  )
}
