import type { Command } from 'commander'
import { createLimit } from '../../core/limit.ts'
import type { Reservation } from '../../client/client.ts'
import { EXIT, Failure, failureOf } from '../failures.ts'
import { fingerprintOf, type Place, verifiedHostKey } from '../host-keys.ts'
import { verifyingOptions } from '../ssh-command.ts'
import { Remembered } from '../remembered.ts'
import { listReservations, mine, short } from '../reservations.ts'
import { type Cli, openSession } from '../session.ts'

/** Host keys that are asked for at once. */
const AT_ONCE = 8

const ABOUT = `Your reserved containers as a dynamic inventory of Ansible: ansible -i "$(which berth-inventory)" all -m ping

Groups: pool_NAME and reservation_ID. Private keys are those that were reserved with; with a password, say -k. A host whose
key is not the one that the manager knows is listed without it, so that Ansible refuses to log in there.`

type Variables = Readonly<Record<string, string | number | boolean | null>>

export function addInventory(program: Command, cli: Cli): void {
  program
    .command('inventory')
    .summary("your containers as Ansible's dynamic inventory")
    .description(ABOUT)
    .option('--list', 'everything (default)')
    .option('--host <name>', 'the variables of one host')
    .action(async ({ host }: { host?: string }, command: Command) => {
      const { client, settings, terminal } = openSession(cli, command)
      const { url } = settings
      const active = await listReservations(client, ['active'], await mine(client))
      const remembered = new Remembered(cli.environment.stateDir)
      await remembered.forgetEnded(client, url)
      const warn = (text: string) => terminal.note(`berth: ${text}`)
      const limit = createLimit(AT_ONCE)
      if (host !== undefined) {
        const reservation = active.find((each) => each.containers.some((container) => container.name === host))
        if (!reservation) throw new Failure(EXIT.failed, `you have no container "${host}"`, { code: 'not_found' })
        return terminal.json((await variablesOf(reservation, { remembered, url, warn, limit })).get(host))
      }
      const all = await Promise.all(active.map((each) => variablesOf(each, { remembered, url, warn, limit })))
      terminal.json(inventory(active, new Map(all.flatMap((some) => [...some]))))
    })
}

function inventory(active: readonly Reservation[], hostvars: ReadonlyMap<string, Variables>): object {
  const groups = new Map<string, string[]>()
  const add = (group: string, host: string) => groups.set(group, [...(groups.get(group) ?? []), host])
  for (const { id, pool, containers } of active) {
    for (const { name } of containers) {
      add(groupName('pool', pool), name)
      add(groupName('reservation', short(id)), name)
    }
  }
  return {
    _meta: { hostvars: Object.fromEntries(hostvars) },
    all: { children: ['ungrouped', ...groups.keys()] },
    ...Object.fromEntries([...groups].map(([group, hosts]) => [group, { hosts }])),
  }
}

/** Ansible wants names like those of variables. */
function groupName(kind: string, name: string): string {
  return `${kind}_${name.replaceAll(/\W/g, '_')}`
}

interface With {
  readonly remembered: Remembered
  readonly url: string
  readonly warn: (text: string) => void
  readonly limit: ReturnType<typeof createLimit>
}

async function variablesOf(
  reservation: Reservation,
  { remembered, url, warn, limit }: With,
): Promise<Map<string, Variables>> {
  const { id, containers, username, pool, note, expires_at } = reservation
  const before = remembered.read(id, 'known_hosts').split('\n')
  const keys = await Promise.all(containers.map((place) => limit(() => hostKey(place, before, warn))))
  remembered.noteManager(id, url)
  const knownHosts = remembered.write(id, 'known_hosts', `${keys.filter((key) => key !== null).join('\n')}\n`)
  const options = verifyingOptions(knownHosts)
  const identity = remembered.identity(id)
  return new Map(
    containers.map(({ name, host, port }) => [
      name,
      {
        ansible_host: host,
        ansible_port: port,
        ansible_user: username,
        // Whatever ansible.cfg says: with it off, ours would come too late.
        ansible_host_key_checking: true,
        ansible_ssh_common_args: options.map((option) => `-o ${shellQuoted(option)}`).join(' '),
        ...(identity !== undefined && { ansible_ssh_private_key_file: identity }),
        berth_reservation: id,
        berth_pool: pool,
        berth_note: note,
        berth_expires_at: expires_at,
      },
    ]),
  )
}

/** As it was verified before, or anew; null when it cannot be. */
async function hostKey(place: Place, before: readonly string[], warn: With['warn']): Promise<string | null> {
  const known = before.find((line) => line.startsWith(`[${place.host}]:${place.port} `))
  if (known !== undefined && fingerprintOf(known) === place.host_key) return known
  try {
    return await verifiedHostKey(place)
  } catch (error) {
    const failure = failureOf(error)
    if (!failure) throw error
    warn(failure.message)
    return null
  }
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
