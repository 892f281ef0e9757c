import type { Command } from 'commander'
import { answerOf, type BerthClient } from '../../../client/client.ts'
import { duration, parseFutureTime } from '../../options/arguments.ts'
import { EXIT, Failure } from '../../failures.ts'
import { namesOf, short } from '../../reservations/lookup.ts'
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
import type { Terminal } from '../../output/terminal.ts'
import { formatTime, timeLeft } from '../../output/format.ts'

interface Options extends SelectionOptions {
  readonly by?: string
  readonly to?: string
}

type Extended = Awaited<ReturnType<typeof extend>>

export function addExtend(program: Command, cli: Cli): void {
  withSelection(program.command('extend').description('extend reservations; never shortens them'))
    .option('-b, --by <duration>', 'how much longer, such as 30m', duration)
    .option('-t, --to <time>', 'new end, such as 18:30, "fri 10:00" or 2026-11-24T18:00:00Z')
    .action(async (names: string[], options: Options, command: Command) => {
      const context = openContext(cli, command)
      const { client, terminal, json } = context
      const { by, to } = options
      if ((by === undefined) === (to === undefined)) {
        throw new Failure(EXIT.usage, 'give exactly one of --by and --to', { advice: '`berth extend --by 30m`' })
      }
      const body = to === undefined ? { extend: by ?? '' } : { expires_at: parseFutureTime(to, cli.clock()) }
      const selected = await select(client, names, options, ['active'])
      const { done, failure } = await changeEach(selected, ({ id }) => extend(client, id, body))
      await refreshSshConfig(cli, context)
      const isList = names.length > 1 || isDescribed(names, options)
      // With --all there may be none; a condition that none meets is most likely misspelt.
      if (selected.length === 0 && options.all !== true) {
        throw new Failure(EXIT.failed, nothingSelected('active reservation to extend', options))
      }
      if (json) terminal.json(isList ? { reservations: done } : done[0])
      else if (isList && selected.length === 0) terminal.note(nothingSelected('active reservation to extend', options))
      else if (isList) printList(terminal, done, cli.clock())
      else for (const each of done) printOne(terminal, each, cli.clock())
      if (failure) throw failure
    })
}

function extend(client: BerthClient, id: string, body: { extend: string } | { expires_at: string }) {
  return answerOf(client.PATCH('/v1/reservations/{id}', { params: { path: { id } }, body }))
}

function printOne(terminal: Terminal, { expires_at, clamped }: Extended, now: number): void {
  if (clamped !== null) terminal.note(`Not as requested: ${clamped}.`)
  if (expires_at !== null) terminal.say(`Until ${formatTime(expires_at, now)} (${timeLeft(expires_at, now)}).`)
}

function printList(terminal: Terminal, extended: readonly Extended[], now: number): void {
  for (const { id, clamped } of extended) {
    if (clamped !== null) terminal.note(`${short(id)} not as requested: ${clamped}.`)
  }
  terminal.table<Extended>(
    [
      { title: 'ID', of: (row) => short(row.id) },
      { title: 'USER', of: (row) => row.username },
      { title: 'LEFT', of: (row) => timeLeft(row.expires_at, now), align: 'right' },
      { title: 'UNTIL', of: (row) => (row.expires_at === null ? '' : formatTime(row.expires_at, now)) },
      { title: 'CONTAINERS', of: namesOf },
    ],
    extended,
  )
}
