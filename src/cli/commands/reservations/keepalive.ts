import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { answerOf, type BerthClient, type Reservation } from '../../../client/client.ts'
import { reasonOf } from '../../../domain/errors.ts'
import { parseDuration } from '../../../domain/text/duration.ts'
import { EXIT, failureOf } from '../../failures.ts'
import { duration } from '../../options/arguments.ts'
import { CURRENT, short } from '../../reservations/lookup.ts'
import { changeEach, select, type SelectionOptions, withSelection } from '../../reservations/selection.ts'
import { type Cli, type CommandContext, openContext } from '../../command-context.ts'
import { formatTime } from '../../output/format.ts'

const ABOUT = `Says that reservations are still needed. One that was made with \`berth reserve --keepalive 5m\` ends unless
this is called at least every five minutes. It does not extend a reservation.`

interface Options extends SelectionOptions {
  readonly every?: string
}

export function addKeepalive(program: Command, cli: Cli): void {
  withSelection(program.command('keepalive').summary('say that a reservation is still needed').description(ABOUT))
    .option('--every <duration>', 'call again and again, such as every 1m', duration)
    .action(async (names: string[], { every, ...selection }: Options, command: Command) => {
      const context = openContext(cli, command)
      const selected = await select(context.client, names, selection, CURRENT)
      if (selected.length === 0) return context.terminal.note('You have no reservation to keep alive.')
      const kept = await call(context, selected)
      if (context.json) context.terminal.json({ reservations: kept })
      else for (const each of kept) print(context, each, cli.clock())
      if (every !== undefined) await repeat(cli, context, selected, parseDuration(every) ?? 0)
    })
}

async function call({ client }: CommandContext, selected: readonly Reservation[]): Promise<readonly Reservation[]> {
  const { done, failure } = await changeEach(selected, ({ id }) => keepAliveOnce(client, id))
  if (failure) throw failure
  return done
}

function keepAliveOnce(client: BerthClient, id: string): Promise<Reservation> {
  return answerOf(client.POST('/v1/reservations/{id}/keepalive', { params: { path: { id } } }))
}

/** Calls until it is interrupted or a reservation has ended. A manager that does not answer is called again. */
async function repeat(
  cli: Cli,
  context: CommandContext,
  selected: readonly Reservation[],
  intervalMs: number,
): Promise<void> {
  const interrupted = cli.interrupts.takeOver()
  for (;;) {
    await sleep(intervalMs, undefined, { signal: interrupted }).catch(() => undefined)
    interrupted.throwIfAborted()
    try {
      await call(context, selected)
    } catch (error) {
      if (failureOf(error)?.exit !== EXIT.unreachable) throw error
      context.terminal.note(`berth: ${reasonOf(error)}; trying again`)
    }
  }
}

function print({ terminal }: CommandContext, { id, keepalive_until }: Reservation, now: number): void {
  if (keepalive_until === null) terminal.note(`${short(id)} needs no keepalive: it was reserved without --keepalive.`)
  else terminal.say(`${short(id)} is kept until ${formatTime(keepalive_until, now, 'seconds')}.`)
}
