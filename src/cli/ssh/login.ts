/** Logs in to one container of a reservation, for `berth ssh` and `berth reserve --ssh`. */
import type { Reservation } from '../../client/client.ts'
import { EXIT, Failure } from '../failures.ts'
import { withSshCommand } from './command.ts'
import { runSsh } from './external-commands.ts'
import { LocalState } from '../reservations/local-state.ts'
import { short } from '../reservations/lookup.ts'
import type { Cli, CommandContext } from '../command-context.ts'
import { timeLeft } from '../output/format.ts'

interface LoginRequest {
  readonly reservation: Reservation
  /** Default: the first container. */
  readonly container?: Reservation['containers'][number] | undefined
  readonly identity?: string | undefined
  readonly options?: readonly string[]
  readonly command?: readonly string[]
}

/** Runs ssh, and sets the exit code of this process to that of ssh. */
export async function logIn(cli: Cli, { terminal, json }: CommandContext, request: LoginRequest): Promise<void> {
  const { reservation, container = reservation.containers[0], options = [], command = [] } = request
  const { id, state, username } = reservation
  if (state !== 'active' || !container) {
    throw new Failure(
      EXIT.failed,
      `reservation ${short(id)} is ${state}: logins are possible only while it is active`,
      {
        code: 'not_active',
      },
    )
  }
  const identity = request.identity ?? new LocalState(cli.environment.stateDir).identity(id)
  const interrupted = cli.interrupts.takeOver()
  const login = { container, username, identity, options, command }
  process.exitCode = await withSshCommand(login, (args) => runSsh(args, 'inherit').done)
  interrupted.throwIfAborted()
  if (command.length > 0 || json || !cli.stdin.isTTY) return
  const time = timeLeft(reservation.expires_at, cli.clock())
  terminal.note(`Still reserved for ${time}. Log in again: \`berth ssh\`. Release: \`berth release ${short(id)}\`.`)
}
