/** Logins to one container of a reservation, for `berth ssh`, `berth reserve --ssh`, `forward`, `cp` and `sync`. */
import type { Reservation } from '../../client/client.ts'
import { EXIT, Failure } from '../failures.ts'
import { type Login, withSshCommand } from './command.ts'
import { runSsh } from './external-commands.ts'
import { proxyCommandFor } from './tunnel/proxy-command.ts'
import { LocalState } from '../reservations/local-state.ts'
import { short } from '../reservations/lookup.ts'
import type { Cli, CommandContext } from '../command-context.ts'
import { timeLeft } from '../output/format.ts'

export interface LoginRequest {
  readonly reservation: Reservation
  /** Default: the first container. */
  readonly container?: Reservation['containers'][number] | undefined
  readonly identity?: string | undefined
  readonly options?: readonly string[]
  /** `--tunnel` or `--no-tunnel`. */
  readonly tunnel?: boolean | undefined
  readonly command?: readonly string[]
}

/** Returns how to log in to a container. Throws a `Failure` unless its reservation is active. */
export function loginOf(
  { environment }: Pick<Cli, 'environment'>,
  { settings }: Pick<CommandContext, 'settings'>,
  { reservation, container = reservation.containers[0], identity, options = [], command = [], tunnel }: LoginRequest,
): Login {
  const { id, state, username } = reservation
  if (state !== 'active' || !container) {
    const message = `reservation ${short(id)} is ${state}: logins are possible only while it is active`
    throw new Failure(EXIT.failed, message, { code: 'not_active' })
  }
  const own = identity ?? new LocalState(environment.stateDir).identity(id)
  const proxyCommand = proxyCommandFor(container, { environment, settings, option: tunnel })
  return { container, username, identity: own, options, command, proxyCommand }
}

/** Runs ssh, and sets the exit code of this process to that of ssh. */
export async function logIn(cli: Cli, context: CommandContext, request: LoginRequest): Promise<void> {
  const { terminal, json } = context
  const { reservation, command = [] } = request
  const login = loginOf(cli, context, request)
  const interrupted = cli.interrupts.takeOver()
  process.exitCode = await withSshCommand(login, (args) => runSsh(args, 'inherit').done)
  interrupted.throwIfAborted()
  if (command.length > 0 || json || !cli.stdin.isTTY) return
  const time = timeLeft(reservation.expires_at, cli.clock())
  terminal.note(
    `Still reserved for ${time}. Log in again: \`berth ssh\`. Release: \`berth release ${short(reservation.id)}\`.`,
  )
}
