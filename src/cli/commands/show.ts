import type { Command } from 'commander'
import { choose, short } from '../reservations.ts'
import { type Cli, openSession } from '../session.ts'
import { printable } from '../terminal.ts'
import { clockTime, left } from '../times.ts'
import { COLOURS, stateOf } from './ls.ts'

export function addShow(program: Command, cli: Cli): void {
  program
    .command('show')
    .description('show one reservation')
    .argument('[name]', 'reservation or container; not needed when you have only one')
    .action(async (name: string | undefined, _options: object, command: Command) => {
      const { client, terminal, json } = openSession(cli, command)
      const { reservation } = await choose(client, name)
      if (json) return terminal.json(reservation)
      const now = cli.clock()
      const when = (time: string | null) => (time === null ? null : clockTime(time, now))
      const { state, expires_at, queue, containers, username } = reservation
      const fields: readonly (readonly [string, string | null])[] = [
        ['id', reservation.id],
        ['state', terminal.paint(COLOURS[state], stateOf(reservation))],
        ['reason', reservation.reason],
        [
          'queue',
          queue &&
            `place ${queue.position}${queue.estimated_start ? `, expected at ${when(queue.estimated_start)}` : ''}`,
        ],
        ['waits until', state === 'waiting' ? when(reservation.wait_until) : null],
        ['owner', reservation.owner],
        ['account', username],
        ['pool', reservation.pool],
        ['note', reservation.note],
        ['asked for', when(reservation.created_at)],
        ['since', when(reservation.active_at)],
        [
          'until',
          expires_at && state === 'active' ? `${when(expires_at)} (${left(expires_at, now)})` : when(expires_at),
        ],
        ['keep alive by', state === 'active' ? when(reservation.keepalive_until) : null],
        ['ended', when(reservation.ended_at)],
      ]
      for (const [label, value] of fields) {
        const text = label === 'state' ? value : value && printable(value)
        if (text) terminal.say(`${terminal.paint('dim', label.padEnd(15))}${text}`)
      }
      for (const { name: place, host, port, host_key } of containers) {
        const how = state === 'active' && port !== null ? `  ssh -p ${port} ${username}@${host}  ${host_key ?? ''}` : ''
        terminal.say(`${terminal.paint('dim', 'container'.padEnd(15))}${place}${printable(how)}`)
      }
      if (state === 'active') terminal.note(`\`berth extend ${short(reservation.id)} --by 30m\` makes it longer.`)
    })
}
