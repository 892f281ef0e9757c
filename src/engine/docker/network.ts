import type Docker from 'dockerode'
import { BerthError } from '../../core/errors.ts'
import { INSTANCE_LABEL } from '../labels.ts'
import { accept, senseless } from './errors.ts'
import { lookUp } from './lookup.ts'
import { networkName, networkOptions } from './spec.ts'

/**
 * Makes the instance's network unless it is there. A network of that name that is not ours, or that lets containers
 * talk to each other, is `engine_conflict`: used silently, it would put tenants within reach of one another.
 */
export async function ensureNetwork(docker: Docker, instance: string, signal: AbortSignal): Promise<void> {
  const existing = await inspectNetwork(docker, networkName(instance), signal)
  if (existing !== null) return assertOurs(existing, instance)
  // 409: someone else (a second manager, `just provision`) made it in between.
  await docker
    .createNetwork({ ...networkOptions(instance), CheckDuplicate: true, abortSignal: signal })
    .catch(accept(409))
}

/** Back onto the instance's network, where somebody has disconnected it: Docker starts it without any, and without ports. */
export async function rejoinNetwork(docker: Docker, instance: string, id: string, signal: AbortSignal): Promise<void> {
  const name = networkName(instance)
  const info = await lookUp(docker, id, signal)
  if (info === null || name in info.NetworkSettings.Networks) return
  await ensureNetwork(docker, instance, signal)
  const network = docker.getNetwork(name)
  const connect: (options: { Container: string; abortSignal: AbortSignal }) => Promise<void> = network.connect
  // 403: it is connected meanwhile.
  await connect.call(network, { Container: id, abortSignal: signal }).catch(accept(403))
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
  if (info && typeof info.Id !== 'string') throw senseless()
  return info ?? null
}

function assertOurs(info: Docker.NetworkInspectInfo, instance: string): void {
  const wanted = networkOptions(instance)
  const ours = info.Labels?.[INSTANCE_LABEL] === instance && info.Driver === wanted.Driver
  const apart = Object.entries(wanted.Options).every(([option, value]) => info.Options?.[option] === value)
  if (ours && apart) return
  throw new BerthError(
    'engine_conflict',
    `network ${wanted.Name} exists and is not as Berth makes it: remove it with "docker network rm ${wanted.Name}"`,
  )
}
