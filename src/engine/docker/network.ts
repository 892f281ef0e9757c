import { isIPv4 } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Reach } from '../../core/container.ts'
import { BerthError } from '../../core/errors.ts'
import { INSTANCE_LABEL } from '../labels.ts'
import type { NetworkInspectInfo } from './answers.ts'
import type { Docker } from './connection.ts'
import { accept, senseless } from './errors.ts'
import { lookUp } from './lookup.ts'
import { type NetworkBody, networkName, networkOptions } from './network-spec.ts'

/** Before each look for a network that somebody else is making, in milliseconds. */
const PAUSES = [0, 20, 50, 100, 200, 500, 1_000, 2_000]

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
    await docker.post('/networks/create', { body: { ...wanted, CheckDuplicate: true }, signal })
  } catch (error) {
    // 409, or 403 for the interface: someone else (a second manager, `just provision`) makes it, or has.
    accept(403, 409)(error)
    const made = await untilShown(docker, wanted.Name, signal)
    if (made === null) throw error
    assertSame(made, wanted)
  }
}

/** Docker refuses a second network some time before it shows the first. Null when it shows none. */
async function untilShown(docker: Docker, name: string, signal: AbortSignal): Promise<NetworkInspectInfo | null> {
  for (const pause of PAUSES) {
    await sleep(pause, undefined, { signal })
    const info = await inspectNetwork(docker, name, signal)
    if (info !== null) return info
  }
  return null
}

/** Back onto its network, where somebody has disconnected it: Docker starts it without any, and without ports. */
export async function rejoinNetwork(
  docker: Docker,
  instance: string,
  { id, reaches }: { readonly id: string; readonly reaches: Iterable<Reach> },
  signal: AbortSignal,
): Promise<void> {
  const info = await lookUp(docker, id, signal)
  const name = info?.HostConfig.NetworkMode ?? ''
  const reach = [...reaches].find((one) => networkName(instance, one) === name)
  if (info === null || reach === undefined || name in info.NetworkSettings.Networks) return
  await ensureNetwork(docker, instance, reach, signal)
  // 403: it is connected meanwhile.
  await docker.post(`/networks/${name}/connect`, { body: { Container: id }, signal }).catch(accept(403))
}

/** IPv4 addresses on the instance's networks of these reaches, by id of the container. Only running ones have one. */
export async function addressesOf(
  docker: Docker,
  instance: string,
  reaches: Iterable<Reach>,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const names = [...reaches].map((reach) => networkName(instance, reach))
  const infos = await Promise.all(names.map((name) => inspectNetwork(docker, name, signal)))
  const all = infos.flatMap((info) => Object.entries(info?.Containers ?? {}))
  const addresses = all.map(([id, { IPv4Address }]) => [id, IPv4Address.replace(/\/.*/, '')] as const)
  // Whatever an engine says goes into no rule unread.
  return new Map(addresses.filter(([, address]) => isIPv4(address)))
}

async function inspectNetwork(docker: Docker, name: string, signal: AbortSignal): Promise<NetworkInspectInfo | null> {
  const info = await docker.get<NetworkInspectInfo>(`/networks/${name}`, { signal }).catch(accept(404))
  if (info && typeof info.Id !== 'string') throw senseless()
  return info ?? null
}

function assertSame(info: NetworkInspectInfo, wanted: NetworkBody): void {
  const ours = info.Labels?.[INSTANCE_LABEL] === wanted.Labels[INSTANCE_LABEL] && info.Driver === wanted.Driver
  const apart = Object.entries(wanted.Options).every(([option, value]) => info.Options?.[option] === value)
  if (ours && apart) return
  throw new BerthError(
    'engine_conflict',
    `network ${wanted.Name} exists and is not as Berth makes it: remove it with "docker network rm ${wanted.Name}"`,
  )
}
