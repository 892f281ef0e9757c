import type { Command } from 'commander'
import { answerOf } from '../../../client/client.ts'
import { pluralize } from '../../output/format.ts'
import { EXIT, Failure } from '../../failures.ts'
import { LocalState } from '../../reservations/local-state.ts'
import { choose, CURRENT, listReservations, mine, namesOf, short } from '../../reservations/lookup.ts'
import { refreshSshConfig } from '../../ssh/config/refresh.ts'
import { type Cli, openContext } from '../../command-context.ts'

interface Options {
  readonly all?: boolean
  readonly everybody?: boolean
}

export function addRelease(program: Command, cli: Cli): void {
  program
    .command('release')
    .description('release reservations, and wait until every session has ended')
    .argument('[names...]', 'reservations or containers; not needed if you have only one reservation')
    .option('-a, --all', 'all of your reservations')
    .option('-e, --everybody', 'with --all: reservations of all owners (admins)')
    .action(async (names: string[], { all, everybody }: Options, command: Command) => {
      const context = openContext(cli, command)
      const { client, terminal, json } = context
      if (all === true && names.length > 0) throw new Failure(EXIT.usage, '--all must not be combined with names')
      if (everybody === true) {
        if (all !== true) throw new Failure(EXIT.usage, '--everybody requires --all')
        const answer = await answerOf(client.POST('/v1/release-all', { body: {} }))
        await refreshSshConfig(cli, context)
        return json
          ? terminal.json(answer)
          : terminal.say(`Released ${pluralize(answer.released.length, 'reservation')}.`)
      }
      const named = names.length > 0 ? names : [undefined]
      const chosen = all
        ? await listReservations(client, CURRENT, await mine(client))
        : (await Promise.all(named.map((name) => choose(client, name)))).map((each) => each.reservation)
      const unique = [...new Map(chosen.map((reservation) => [reservation.id, reservation])).values()]
      const localState = new LocalState(cli.environment.stateDir)
      const released = await Promise.all(
        unique.map(async ({ id }) => {
          const ended = await answerOf(client.DELETE('/v1/reservations/{id}', { params: { path: { id } } }))
          localState.forget(id)
          return ended
        }),
      )
      await refreshSshConfig(cli, context)
      if (json) return terminal.json({ reservations: released })
      if (released.length === 0) return terminal.note('You have no reservation to release.')
      for (const reservation of released) {
        const { id, outcome, state } = reservation
        const isReleased = outcome === 'released' || outcome === 'cancelled'
        const word = isReleased ? 'Released' : `Was ${outcome ?? state} before:`
        terminal.say(`${word} ${short(id)} ${namesOf(reservation)}`.trimEnd())
      }
    })
}
