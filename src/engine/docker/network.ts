import type Docker from 'dockerode'
import { BerthError } from '../../core/errors.ts'
import { INSTANCE_LABEL } from '../labels.ts'
import { accept, senseless, statusOf } from './errors.ts'
import { lookUp } from './lookup.ts'
import { networkName, networkOptions } from './spec.ts'

/**
 * Makes the instance's network unless it is there. A network of that name that is not ours, or that lets containers
 * talk to each other, is `engine_conflict`: used silently, it would put tenants within reach of one another.
 */
export async function ensureNetwork(docker: Docker, instance: string, signal: AbortSignal): Promise<void> {
  if ((await oursNamed(docker, instance, signal)).length === 0) {
    // 409: someone else (a second manager, `just provision`) made it in between.
    await docker
      .createNetwork({ ...networkOptions(instance), CheckDuplicate: true, abortSignal: signal })
      .catch(accept(409))
  }
  // Docker's check for duplicates is not atomic: two that make it at once can make two, and nothing starts in either then.
  await keepOne(docker, await oursNamed(docker, instance, signal), signal)
}

/** All networks of the name, oldest first; `engine_conflict` when one is not as Berth makes it. */
async function oursNamed(docker: Docker, instance: string, signal: AbortSignal): Promise<Docker.NetworkInspectInfo[]> {
  const name = networkName(instance)
  // Docker's filter also lets those through whose name only contains it.
  const found = await docker.listNetworks({ filters: { name: [name] }, abortSignal: signal })
  if (!Array.isArray(found)) throw senseless()
  const named = found.filter((info) => info.Name === name)
  for (const info of named) assertOurs(info, instance)
  return named.sort((a, b) => a.Created.localeCompare(b.Created) || a.Id.localeCompare(b.Id))
}

/** The oldest one, unless others are in use. */
async function keepOne(docker: Docker, all: readonly Docker.NetworkInspectInfo[], signal: AbortSignal): Promise<void> {
  let left = all.length
  for (const { Id, Name } of all.toReversed()) {
    if (left <= 1) return
    const network = docker.getNetwork(Id)
    // dockerode takes options here as everywhere; its types do not say so.
    const remove: (options: { abortSignal: AbortSignal }) => Promise<unknown> = network.remove
    try {
      await remove.call(network, { abortSignal: signal }).catch(accept(404))
      left -= 1
    } catch (error) {
      const IN_USE = 403
      if (statusOf(error) !== IN_USE) throw error
    }
    if (left > 1 && Id === all[0]?.Id) {
      throw new BerthError(
        'engine_conflict',
        `there are ${left} networks ${Name}, all in use: remove all but one with "docker network rm" and its id`,
      )
    }
  }
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
