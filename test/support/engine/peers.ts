/** Reservations of several containers and their networks, read from Docker. */
import assert from 'node:assert/strict'
import { docker, dockerLines } from '../../../lab/docker.ts'
import { eventually } from '../../../lab/eventually.ts'
import type { Reserved, TestManager } from '../../../lab/manager.ts'
import { login, type Session } from '../ssh.ts'

/** Matches a line that begins with the name of a reservation's network. */
const PEER_NETWORK = /-peers-[0-9a-f]{8}-[0-9a-f-]{27} /

/** A container of a reservation, with a session of its tenant. */
export interface Peer {
  readonly name: string
  /** On the network of its reservation; empty when it is on none. */
  readonly address: string
  readonly session: Session
}

/** Reserves, waits until the containers know each other (unless the pool keeps them apart), and logs in to each. */
export async function reservePeers(
  manager: TestManager,
  { pool, username, count = 2, isApart = false }: { pool: string; username: string; count?: number; isApart?: boolean },
): Promise<Peer[]> {
  const { containers, password }: Reserved = await manager.reserve({ pool, username, count, password: 'test' })
  const names = containers.map(({ container }) => container)
  if (!isApart) await untilIntroduced(manager, names)
  return Promise.all(
    containers.map(async ({ container, port }) => ({
      name: container,
      address: await peerAddress(container),
      session: await login({ port, username, password }),
    })),
  )
}

/** Waits until each container resolves the names of the others. */
export async function untilIntroduced(manager: TestManager, names: readonly string[]): Promise<void> {
  await eventually(() => resolveEachOther(names)).catch((error: unknown) => {
    throw new Error(`${names.join()} do not know each other: ${manager.warnings()}`, { cause: error })
  })
}

/** Whether each container resolves every name, its own included, to the address on the peer network. */
async function resolveEachOther(names: readonly string[]): Promise<boolean> {
  const expected = await Promise.all(names.map(peerAddress))
  const lookUps = names.map(async (name) => {
    const found = await docker('exec', name, 'getent', 'ahostsv4', ...names)
    return expected.every((address) => address !== '' && found.includes(`${address} `))
  })
  return (await Promise.all(lookUps)).every((isComplete) => isComplete)
}

/** Returns the address on the network of the reservation; empty when there is none. */
export async function peerAddress(container: string): Promise<string> {
  const lines = await addresses(container)
  return lines.find((line) => PEER_NETWORK.test(line))?.split(' ')[1] ?? ''
}

/** Returns the address on the network that all containers of a reach share. */
export async function ownAddress(container: string): Promise<string> {
  const lines = await addresses(container)
  return lines.find((line) => !PEER_NETWORK.test(line))?.split(' ')[1] ?? ''
}

/** Returns "NETWORK ADDRESS" for each network of a container. */
async function addresses(container: string): Promise<string[]> {
  const format = '{{range $name, $n := .NetworkSettings.Networks}}{{$name}} {{$n.IPAddress}}{{println}}{{end}}'
  return dockerLines('inspect', '--format', format, container)
}

/** Returns the names of the networks of the instance's reservations. */
export async function peerNetworks({ instance }: TestManager): Promise<string[]> {
  const filters = ['--filter', `label=berth.instance=${instance}`, '--filter', 'label=berth.peers']
  return dockerLines('network', 'ls', ...filters, '--format', '{{.Name}}')
}

/** Returns the name of the interface on the peer network, as the tenant sees it. */
export async function interfaceOf({ session, address }: Peer): Promise<string> {
  const { stdout } = await session.exec(`ip -o -4 address | grep -F ' ${address}/' | awk '{print $2}'`)
  assert.match(stdout, /^\w+$/)
  return stdout
}
