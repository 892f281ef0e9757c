/** Logging in to one container of a reservation, as `berth ssh` and `berth reserve --ssh` do it. */
import type { Reservation } from '../client/client.ts'
import { EXIT, Failure } from './failures.ts'
import { withSshCommand } from './ssh-command.ts'
import { runSsh } from './programs.ts'
import { Remembered } from './remembered.ts'
import { short } from './reservations.ts'
import type { Cli, Session } from './session.ts'
import { left } from './times.ts'

export interface WhereTo {
  readonly reservation: Reservation
  /** The first container unless it is said. */
  readonly container?: Reservation['containers'][number] | undefined
  readonly identity?: string | undefined
  readonly options?: readonly string[]
  readonly command?: readonly string[]
}

/** Sets the exit code to that of ssh. */
export async function logIn(cli: Cli, { terminal, json }: Session, where: WhereTo): Promise<void> {
  const { reservation, container = reservation.containers[0], options = [], command = [] } = where
  const { id, state, username } = reservation
  if (state !== 'active' || !container) {
    throw new Failure(EXIT.failed, `the reservation ${short(id)} is ${state}, nobody can log in`, {
      code: 'not_active',
    })
  }
  const identity = where.identity ?? new Remembered(cli.environment.stateDir).identity(id)
  const interrupted = cli.interrupts.takeOver()
  const login = { place: container, username, identity, options, command }
  process.exitCode = await withSshCommand(login, (args) => runSsh(args, 'inherit').done)
  interrupted.throwIfAborted()
  if (command.length > 0 || json || !cli.stdin.isTTY) return
  const time = left(reservation.expires_at, cli.clock())
  terminal.note(`Still reserved for ${time}: \`berth ssh\` goes back, \`berth release ${short(id)}\` gives it back.`)
}
