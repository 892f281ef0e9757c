import { isIPv4 } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Reach } from '../../../domain/container.ts'
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import { BerthError } from '../../../domain/errors.ts'
import { INSTANCE_LABEL } from '../../labels.ts'
import type { NetworkInspectInfo } from '../api/types.ts'
import type { Docker } from '../api/client.ts'
import { ignoreStatus, unexpectedResponse } from '../api/errors.ts'
import { inspectContainer } from '../api/inspect.ts'
import { networkName, networkOptions } from './spec.ts'

/** Pauses before each inspection of a network that another process is making. */
const PAUSES_MS = [0, 20, 50, 100, 200, 500, 1_000, 2_000]

/**
 * Creates the instance's network for this reach unless it exists. A network of that name that is not ours, or that lets
 * containers talk to each other, is `engine_conflict`: used silently, it would let tenants reach each other.
 */
export async function ensureNetwork(
  docker: Docker,
  { instance, reach, mark }: { readonly instance: string; readonly reach: Reach; readonly mark: DatabaseMark },
  signal: AbortSignal,
): Promise<void> {
  const wanted = networkOptions(instance, reach, mark)
  const existing = await inspectNetwork(docker, wanted.Name, signal)
  if (existing !== null) return assertSame(existing, wanted)
  try {
    await docker.post('/networks/create', { body: { ...wanted, CheckDuplicate: true }, signal })
  } catch (error) {
    // 409, or 403 for the interface: another process (a second manager, `just provision`) creates it, or has.
    ignoreStatus(403, 409)(error)
    const made = await untilShown(docker, wanted.Name, signal)
    if (made === null) throw error
    assertSame(made, wanted)
  }
}

/**
 * Returns the network when Docker shows it, which is some time after it refuses a second one; null when it does not.
 */
async function untilShown(docker: Docker, name: string, signal: AbortSignal): Promise<NetworkInspectInfo | null> {
  for (const pause of PAUSES_MS) {
    await sleep(pause, undefined, { signal })
    const info = await inspectNetwork(docker, name, signal)
    if (info !== null) return info
  }
  return null
}

/** Connects a container to its network again: Docker starts a disconnected one without network and ports. */
export async function rejoinNetwork(
  docker: Docker,
  id: string,
  site: { readonly instance: string; readonly reaches: Iterable<Reach>; readonly mark: DatabaseMark },
  signal: AbortSignal,
): Promise<void> {
  const info = await inspectContainer(docker, id, signal)
  const name = info?.HostConfig.NetworkMode ?? ''
  const { instance, reaches, mark } = site
  const reach = [...reaches].find((one) => networkName(instance, one) === name)
  if (info === null || reach === undefined || name in info.NetworkSettings.Networks) return
  await ensureNetwork(docker, { instance, reach, mark }, signal)
  // 403: it is connected by now.
  await docker.post(`/networks/${name}/connect`, { body: { Container: id }, signal }).catch(ignoreStatus(403))
}

/**
 * Returns IPv4 addresses on the instance's networks of these reaches by container id. Only running containers have one.
 */
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
  // These become nft rules, so the engine's answer is checked.
  return new Map(addresses.filter(([, address]) => isIPv4(address)))
}

/** Returns the IPv4 addresses of one container, on any network; none when it is down. */
export async function addressesIn(docker: Docker, id: string, signal: AbortSignal): Promise<string[]> {
  const networks = Object.values((await inspectContainer(docker, id, signal))?.NetworkSettings.Networks ?? {})
  return networks.map(({ IPAddress }) => IPAddress).filter((address) => isIPv4(address))
}

async function inspectNetwork(docker: Docker, name: string, signal: AbortSignal): Promise<NetworkInspectInfo | null> {
  const info = await docker.get<NetworkInspectInfo>(`/networks/${name}`, { signal }).catch(ignoreStatus(404))
  if (info && typeof info.Id !== 'string') throw unexpectedResponse()
  return info ?? null
}

function assertSame(info: NetworkInspectInfo, wanted: ReturnType<typeof networkOptions>): void {
  const ours = info.Labels?.[INSTANCE_LABEL] === wanted.Labels[INSTANCE_LABEL] && info.Driver === wanted.Driver
  const apart = Object.entries(wanted.Options).every(([option, value]) => info.Options?.[option] === value)
  if (ours && apart) return
  throw new BerthError(
    'engine_conflict',
    `network ${wanted.Name} exists and is not as Berth makes it: remove it with "docker network rm ${wanted.Name}"`,
  )
}
