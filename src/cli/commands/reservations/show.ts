import type { Command } from 'commander'
import { choose, short } from '../../reservations/lookup.ts'
import { type Cli, openContext } from '../../command-context.ts'
import { sshCommandOf } from '../../ssh/target.ts'
import { formatTime, timeLeft } from '../../output/format.ts'
import { COLOURS, stateOf } from './ls.ts'

export function addShow(program: Command, cli: Cli): void {
  program
    .command('show')
    .description('show one reservation')
    .argument('[name]', 'reservation, container, user name or note; not needed if you have only one')
    .action(async (name: string | undefined, _options: object, command: Command) => {
      const { client, terminal, json } = openContext(cli, command)
      const { reservation } = await choose(client, name)
      if (json) return terminal.json(reservation)
      const now = cli.clock()
      const when = (time: string | null) => (time === null ? null : formatTime(time, now))
      const { state, expires_at, queue, containers, username } = reservation
      const fields = [
        ['id', reservation.id],
        ['name', reservation.name],
        ['state', terminal.paint(COLOURS[state], stateOf(reservation))],
        ['reason', reservation.reason],
        [
          'queue',
          queue &&
            `position ${queue.position}${queue.estimated_start ? `, expected at ${when(queue.estimated_start)}` : ''}`,
        ],
        ['waits until', state === 'waiting' ? when(reservation.wait_until) : null],
        ['owner', reservation.owner],
        ['account', username],
        ['pool', reservation.pool],
        ['note', reservation.note],
        ['requested', when(reservation.created_at)],
        ['since', when(reservation.active_at)],
        [
          'until',
          expires_at && state === 'active' ? `${when(expires_at)} (${timeLeft(expires_at, now)})` : when(expires_at),
        ],
        ['on hold since', when(reservation.held_at)],
        ['keep alive by', state === 'active' ? when(reservation.keepalive_until) : null],
        ['ended', when(reservation.ended_at)],
        ...containers.map((container) => {
          const how = state === 'active' ? `  ${sshCommandOf(container, username)}  ${container.host_key ?? ''}` : ''
          return ['container', `${container.name}${how}`.trimEnd()] as const
        }),
      ] as const
      terminal.fields(fields, 15)
      if (state === 'active') terminal.note(`\`berth extend ${short(reservation.id)} --by 30m\` extends it.`)
    })
}
