import type { Command } from 'commander'
import { forAnsible, forShell, isContainerName, isPlainName } from '../../../domain/text/foreign-text.ts'
import { reasonOf } from '../../../domain/errors.ts'
import { createLimit } from '../../../domain/concurrency.ts'
import type { Reservation } from '../../../client/client.ts'
import { EXIT, Failure, failureOf } from '../../failures.ts'
import { fingerprintOf } from '../../ssh/verify-host-key.ts'
import { knownHostOf, type Login, tunnelOptions, verifyingOptions } from '../../ssh/command.ts'
import { LocalState } from '../../reservations/local-state.ts'
import { listReservations, mine, short } from '../../reservations/lookup.ts'
import { type Cli, openContext } from '../../command-context.ts'
import { type TunnelOption, withTunnelOption } from '../../options/tunnel-option.ts'
import { assertUsable } from '../../ssh/target.ts'
import { proxyCommandFor, type TunnelChoice } from '../../ssh/tunnel/proxy-command.ts'

/** Maximum number of host keys that are scanned at once. */
const MAX_CONCURRENT_SCANS = 8

const ABOUT = `Prints your reserved containers as a dynamic inventory of Ansible: ansible -i "$(which
berth-inventory)" all -m ping

Groups are pool_NAME and reservation_ID, and the name of each reservation that has one, with "_" in place of "-".
Private keys are those of the reservations; with a password, use -k. A host whose key differs from the one that the
manager knows is listed without a key, so that Ansible refuses to log in there.`

type Variables = Readonly<Record<string, unknown>>

export function addInventory(program: Command, cli: Cli): void {
  const about = "print your containers as Ansible's dynamic inventory"
  withTunnelOption(program.command('inventory').summary(about).description(ABOUT))
    .option('--list', 'everything (default)')
    .option('--host <name>', 'the variables of one host')
    .action(async ({ host, tunnel: option }: TunnelOption & { host?: string }, command: Command) => {
      const { client, settings, terminal } = openContext(cli, command)
      const { url } = settings
      const listed = await listReservations(client, ['active'], await mine(client))
      const localState = new LocalState(cli.environment.stateDir)
      await localState.forgetEnded(client, url)
      const warn = (text: string) => terminal.note(`berth: ${text}`)
      const tunnel = { environment: cli.environment, settings, option }
      const context = { localState, url, warn, tunnel, limit: createLimit(MAX_CONCURRENT_SCANS) }
      const active = listed.map((each) => usable(each, warn))
      const wanted = active.filter(({ containers }) => !host || containers.some(({ name }) => name === host))
      const variables = await Promise.all(wanted.map((each) => variablesOf(each, context)))
      const hostvars = Object.fromEntries(variables.flat())
      if (host === undefined) return terminal.json(inventory(active, hostvars, warn))
      if (wanted.length === 0) throw new Failure(EXIT.failed, `you have no container "${host}"`, { code: 'not_found' })
      terminal.json(hostvars[host])
    })
}

function inventory(
  active: readonly Reservation[],
  hostvars: Readonly<Record<string, Variables>>,
  warn: Context['warn'],
): object {
  const groups = new Map<string, string[]>()
  const add = (group: string, host: string) => groups.set(group, [...(groups.get(group) ?? []), host])
  for (const { id, name: reservationName, pool, containers } of active) {
    const ownGroup = ownGroupName(reservationName)
    if (reservationName && ownGroup === null) {
      warn(`no group has the name of reservation "${reservationName}": Ansible or this inventory uses it already`)
    }
    for (const { name } of containers) {
      add(groupName('pool', pool), name)
      add(groupName('reservation', short(id)), name)
      if (ownGroup !== null) add(ownGroup, name)
    }
  }
  return {
    _meta: { hostvars },
    all: { children: ['ungrouped', ...groups.keys()] },
    ...Object.fromEntries([...groups].map(([group, hosts]) => [group, { hosts }])),
  }
}

/** Leaves out containers with an invalid name, address or account, and warns of them. */
function usable(reservation: Reservation, warn: (text: string) => void): Reservation {
  const { containers, username } = reservation
  const valid = containers.filter((container) => {
    try {
      if (!isContainerName(container.name)) throw new Error(`the manager sent the invalid name "${container.name}"`)
      assertUsable(container, username)
      return true
    } catch (error) {
      warn(`${reasonOf(error)}; this container is left out`)
      return false
    }
  })
  return { ...reservation, containers: valid }
}

/** Returns a name as Ansible allows it for groups: like that of a variable. */
function groupName(kind: string, name: string): string {
  return `${kind}_${name.replaceAll(/\W/g, '_')}`
}

/** Names of groups and hosts that Ansible defines itself. */
const RESERVED_NAMES = ['all', 'ungrouped', 'localhost']

/** Returns the group of a reservation's name; null without a name, and if it is invalid or taken. */
function ownGroupName(name: string | null): string | null {
  if (!isPlainName(name)) return null
  const group = name.replaceAll('-', '_')
  const isTaken = RESERVED_NAMES.includes(group) || /^(pool|reservation)_/.test(group)
  return /^[a-z][a-z0-9_]*$/.test(group) && !isTaken ? group : null
}

interface Context {
  readonly localState: LocalState
  readonly url: string
  readonly warn: (text: string) => void
  readonly tunnel: TunnelChoice
  readonly limit: ReturnType<typeof createLimit>
}

async function variablesOf(
  reservation: Reservation,
  { localState, url, warn, tunnel, limit }: Context,
): Promise<[name: string, Variables][]> {
  const { id, name: reservationName, containers, username, pool, note, expires_at } = reservation
  const identity = localState.identity(id)
  const before = localState.readFile(id, 'known_hosts').split('\n')
  const routes = containers.map((container) => ({ container, proxyCommand: proxyCommandFor(container, tunnel) }))
  const keys = await Promise.all(routes.map((route) => limit(() => hostKey(route, before, warn))))
  if (identity === undefined) localState.save(id, { url })
  const knownHosts = localState.writeFile(id, 'known_hosts', `${keys.filter((key) => key !== null).join('\n')}\n`)
  const options = verifyingOptions(knownHosts)
  return routes.map(({ container, proxyCommand }) => {
    const { name, host, port, generation } = container
    const isReached = proxyCommand !== undefined && generation !== null
    const sshOptions = isReached ? [...tunnelOptions(container, proxyCommand), ...options] : options
    const variables = {
      ansible_host: host,
      ansible_port: port,
      ansible_user: username,
      // Overrides ansible.cfg: if it switches checking off, the options below come too late.
      ansible_host_key_checking: true,
      ansible_ssh_common_args: sshOptions.map((option) => `-o ${forShell(option)}`).join(' '),
      ...(identity !== undefined && { ansible_ssh_private_key_file: identity }),
      berth_reservation: id,
      berth_pool: pool,
      berth_note: note,
      berth_name: reservationName,
      berth_expires_at: expires_at,
    }
    return [name, Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, forAnsible(value)]))]
  })
}

/** Returns a verified line of known_hosts, an earlier one if it still holds; null if verification fails. */
async function hostKey(
  { container, proxyCommand }: Pick<Login, 'container' | 'proxyCommand'>,
  before: readonly string[],
  warn: Context['warn'],
): Promise<string | null> {
  const isDirect = proxyCommand === undefined
  const known = before.find((line) => line.startsWith(`[${container.host}]:${container.port} `))
  if (isDirect && known !== undefined && fingerprintOf(known) === container.host_key) return known
  try {
    return await knownHostOf({ container, proxyCommand })
  } catch (error) {
    const failure = failureOf(error)
    if (!failure) throw error
    warn(failure.message)
    return null
  }
}
