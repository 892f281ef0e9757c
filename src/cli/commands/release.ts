import type { Command } from 'commander'
import { answerOf } from '../../client/client.ts'
import { counted } from '../counted.ts'
import { EXIT, Failure } from '../failures.ts'
import { Remembered } from '../remembered.ts'
import { choose, CURRENT, listReservations, mine, namesOf, short } from '../reservations.ts'
import { type Cli, openSession } from '../session.ts'

interface Options {
  readonly all?: boolean
  readonly everybody?: boolean
}

export function addRelease(program: Command, cli: Cli): void {
  program
    .command('release')
    .description('give containers back; nobody is in any more when this is done')
    .argument('[names...]', 'reservations or containers; not needed when you have only one reservation')
    .option('-a, --all', 'everything of yours')
    .option('-e, --everybody', 'with --all: everything of everybody (admins)')
    .action(async (names: string[], { all, everybody }: Options, command: Command) => {
      const { client, terminal, json } = openSession(cli, command)
      if (all === true && names.length > 0) throw new Failure(EXIT.usage, 'say either --all or which, not both')
      if (everybody === true) {
        if (all !== true) throw new Failure(EXIT.usage, '--everybody goes with --all')
        const answer = await answerOf(client.POST('/v1/release-all', { body: {} }))
        return json
          ? terminal.json(answer)
          : terminal.say(`Released ${counted(answer.released.length, 'reservation')}.`)
      }
      const named = names.length > 0 ? names : [undefined]
      const chosen = all
        ? await listReservations(client, CURRENT, await mine(client))
        : (await Promise.all(named.map((name) => choose(client, name)))).map((each) => each.reservation)
      const unique = [...new Map(chosen.map((reservation) => [reservation.id, reservation])).values()]
      const remembered = new Remembered(cli.environment.stateDir)
      const released = await Promise.all(
        unique.map(async ({ id }) => {
          const gone = await answerOf(client.DELETE('/v1/reservations/{id}', { params: { path: { id } } }))
          remembered.forget(id)
          return gone
        }),
      )
      if (json) return terminal.json({ reservations: released })
      if (released.length === 0) return terminal.note('There is nothing to release.')
      for (const gone of released) {
        const now = gone.outcome === 'released' || gone.outcome === 'cancelled'
        const word = now ? 'Released' : `Was ${gone.outcome ?? gone.state} before:`
        terminal.say(`${word} ${short(gone.id)} ${namesOf(gone)}`.trimEnd())
      }
    })
}
