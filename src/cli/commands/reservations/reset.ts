import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { answerOf, type Reservation } from '../../../client/client.ts'
import { EXIT, Failure } from '../../failures.ts'
import { confirmOrFail } from '../../options/prompt.ts'
import { type Chosen, chooseContainer, short } from '../../reservations/lookup.ts'
import { refreshSshConfig } from '../../ssh/config/refresh.ts'
import { type Cli, type CommandContext, openContext } from '../../command-context.ts'

const POLL_MS = 400

const ABOUT = `Replaces a container with a fresh one in the running reservation. Everything in it is lost, and its
sessions end. Account, password, keys and the end of the reservation stay; the host key is a new one.

NAME is a container, the name of a reservation or the beginning of its id, a user name or a note; not needed if you have
only one container. Asks for confirmation first.`

interface Options {
  readonly yes?: boolean
}

type HeldContainer = Reservation['containers'][number]

export function addReset(program: Command, cli: Cli): void {
  program
    .command('reset')
    .summary('replace a container with a fresh one')
    .description(ABOUT)
    .argument('[name]', 'container, reservation, user name or note')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string | undefined, options: Options, command: Command) => {
      const context = openContext(cli, command)
      const { client, terminal, json } = context
      const { reservation, container } = onlyContainer(await chooseContainer(client, name))
      if (!(await mayReset(cli, container.name, options))) return terminal.note('Nothing was changed.')
      const params = { path: { name: container.name } }
      const { generation } = await answerOf(client.POST('/v1/containers/{name}/reset', { params }))
      const fresh = await untilReady(context, { id: reservation.id, name: container.name, generation })
      await refreshSshConfig(cli, context)
      if (json) return terminal.json(fresh)
      terminal.say(`${fresh.name} was reset. Its new host key: ${fresh.host_key ?? 'unknown'}`)
      terminal.say(`Log in: \`berth ssh ${fresh.name}\`. Your own known_hosts file still has the old key.`)
    })
}

/** Returns the container to reset. Throws a `Failure` if the reservation has several and none is named. */
function onlyContainer({ reservation, container }: Chosen): { reservation: Reservation; container: HeldContainer } {
  const [first, ...more] = reservation.containers
  if (container) return { reservation, container }
  if (first && more.length === 0) return { reservation, container: first }
  const names = reservation.containers.map((each) => each.name).join(', ')
  throw new Failure(EXIT.usage, `reservation ${short(reservation.id)} has several containers; name one: ${names}`)
}

async function mayReset(cli: Cli, name: string, { yes }: Options): Promise<boolean> {
  if (yes) return true
  const advice = `\`berth reset ${name} --yes\` resets it without a question`
  return confirmOrFail(cli, `Everything in ${name} will be lost. Reset it?`, advice)
}

interface Awaited {
  readonly id: string
  readonly name: string
  /** Generation of the container that was reset. */
  readonly generation: number
}

/** Waits until a login to a later generation works. Returns the container. */
async function untilReady(
  { client, terminal }: CommandContext,
  { id, name, generation }: Awaited,
): Promise<HeldContainer> {
  const progress = terminal.progress()
  try {
    for (;;) {
      const found = await answerOf(client.GET('/v1/reservations/{id}', { params: { path: { id } } }))
      const container = found.containers.find((each) => each.name === name)
      if (found.state !== 'active' || !container) {
        throw new Failure(EXIT.failed, `the reservation is ${found.state}, and ${name} no longer belongs to it`)
      }
      if (container.ready && container.generation !== generation) return container
      const { error, attempts } = await answerOf(client.GET('/v1/containers/{name}', { params: { path: { name } } }))
      if (attempts > 0 && error !== null) progress.report(`${error}; trying again`)
      else progress.status(`waiting for the fresh ${name}`)
      await sleep(POLL_MS)
    }
  } finally {
    progress.stop()
  }
}
