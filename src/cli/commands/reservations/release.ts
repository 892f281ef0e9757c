import type { Command } from 'commander'
import { answerOf } from '../../../client/client.ts'
import { given } from '../../options/arguments.ts'
import { counted } from '../../../domain/text/counted.ts'
import { LocalState } from '../../reservations/local-state.ts'
import { CURRENT, namesOf, short } from '../../reservations/lookup.ts'
import {
  changeEach,
  isDescribed,
  nothingSelected,
  select,
  type SelectionOptions,
  withSelection,
} from '../../reservations/selection.ts'
import { refreshSshConfig } from '../../ssh/config/refresh.ts'
import { type Cli, openContext } from '../../command-context.ts'

export function addRelease(program: Command, cli: Cli): void {
  withSelection(
    program.command('release').description('release reservations, and wait until every session has ended'),
  ).action(async (names: string[], options: SelectionOptions, command: Command) => {
    const context = openContext(cli, command)
    const { client, terminal, json } = context
    const { everybody, pool, user, note } = options
    if (isDescribed(names, options) && everybody === true && note === undefined) {
      const answer = await answerOf(client.POST('/v1/release-all', { body: given({ pool, username: user }) }))
      await refreshSshConfig(cli, context)
      if (json) return terminal.json(answer)
      return terminal.say(`Released ${counted(answer.released.length, 'reservation')}.`)
    }
    const selected = await select(client, names, options, CURRENT)
    const localState = new LocalState(cli.environment.stateDir)
    const { done, failure } = await changeEach(selected, async ({ id }) => {
      const ended = await answerOf(client.DELETE('/v1/reservations/{id}', { params: { path: { id } } }))
      localState.forget(id)
      return ended
    })
    await refreshSshConfig(cli, context)
    if (json) terminal.json({ reservations: done })
    else if (selected.length === 0) terminal.note(nothingSelected('reservation to release', options))
    else {
      for (const reservation of done) {
        const { id, outcome, state } = reservation
        const isReleased = outcome === 'released' || outcome === 'cancelled'
        const word = isReleased ? 'Released' : `Was ${outcome ?? state} before:`
        terminal.say(`${word} ${short(id)} ${namesOf(reservation)}`.trimEnd())
      }
    }
    if (failure) throw failure
  })
}
