/** Reservations of several containers, and the network of each, seen past the manager. */
import assert from 'node:assert/strict'
import { docker, dockerLines } from '../../../lab/docker.ts'
import { eventually } from '../../../lab/eventually.ts'
import type { Reserved, TestManager } from '../../../lab/manager.ts'
import { login, type Session } from '../ssh.ts'

/** Begins with the name of a reservation's network. */
const OF_PEERS = /-peers-[0-9a-f]{8}-[0-9a-f-]{27} /

/** A container of a reservation, with a session of its tenant. */
export interface Peer {
  readonly name: string
  /** On the network of its reservation; empty when it is on none. */
  readonly address: string
  readonly session: Session
}

/** Reserves, waits until the containers know each other unless they never should, and logs in to each. */
export async function reservePeers(
  manager: TestManager,
  { pool, username, count = 2, apart = false }: { pool: string; username: string; count?: number; apart?: boolean },
): Promise<Peer[]> {
  const { containers, password }: Reserved = await manager.reserve({ pool, username, count, password: 'test' })
  const names = containers.map(({ container }) => container)
  if (!apart) await untilAcquainted(manager, names)
  return Promise.all(
    containers.map(async ({ container, port }) => ({
      name: container,
      address: await peerAddress(container),
      session: await login({ port, username, password }),
    })),
  )
}

/** Waits until the containers know each other. */
export async function untilAcquainted(manager: TestManager, names: readonly string[]): Promise<void> {
  await eventually(() => knowEachOther(names)).catch((error: unknown) => {
    throw new Error(`${names.join()} do not know each other: ${manager.warnings()}`, { cause: error })
  })
}

/** Whether each container has its own address, and that of each other one, under its name. */
async function knowEachOther(names: readonly string[]): Promise<boolean> {
  const theirs = await Promise.all(names.map(peerAddress))
  const lookUps = names.map(async (name) => {
    const found = await docker('exec', name, 'getent', 'ahostsv4', ...names)
    return theirs.every((address) => address !== '' && found.includes(`${address} `))
  })
  return (await Promise.all(lookUps)).every((knows) => knows)
}

export async function peerAddress(container: string): Promise<string> {
  const lines = await addresses(container)
  return lines.find((line) => OF_PEERS.test(line))?.split(' ')[1] ?? ''
}

/** Address on the network that all containers of a reach share. */
export async function ownAddress(container: string): Promise<string> {
  const lines = await addresses(container)
  return lines.find((line) => !OF_PEERS.test(line))?.split(' ')[1] ?? ''
}

/** "NETWORK ADDRESS" for each network of a container. */
async function addresses(container: string): Promise<string[]> {
  const format = '{{range $name, $n := .NetworkSettings.Networks}}{{$name}} {{$n.IPAddress}}{{println}}{{end}}'
  return dockerLines('inspect', '--format', format, container)
}

/** Names of the networks of the instance's reservations. */
export async function peerNetworks({ instance }: TestManager): Promise<string[]> {
  const filters = ['--filter', `label=berth.instance=${instance}`, '--filter', 'label=berth.peers']
  return dockerLines('network', 'ls', ...filters, '--format', '{{.Name}}')
}

/** Name of the interface that has an address, as the tenant sees it. */
export async function interfaceOf({ session, address }: Peer): Promise<string> {
  const { stdout } = await session.exec(`ip -o -4 address | grep -F ' ${address}/' | awk '{print $2}'`)
  assert.match(stdout, /^\w+$/)
  return stdout
}
