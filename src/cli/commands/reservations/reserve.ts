import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { Reserved } from '../../../client/client.ts'
import { EXIT, Failure } from '../../failures.ts'
import { createEphemeralKey, type SshKeys } from '../../ssh/keys.ts'
import { logIn } from '../../ssh/login.ts'
import { withPrivateFolder } from '../../ssh/private-folder.ts'
import { LocalState } from '../../reservations/local-state.ts'
import { reserveAndWait } from '../../reservations/wait-for-reservation.ts'
import { short } from '../../reservations/lookup.ts'
import { readKeys } from '../../options/key-option.ts'
import { readSecret } from '../../options/prompt.ts'
import { sshCommandOf } from '../../ssh/target.ts'
import { type Cli, type CommandContext, openContext } from '../../command-context.ts'
import { formatTime, pluralize, timeLeft } from '../../output/format.ts'
import { requestOf, type ReserveOptions, withReserveOptions } from '../../options/reserve-options.ts'

interface Options extends ReserveOptions {
  readonly passwordStdin?: boolean
  readonly idempotencyKey?: string
  readonly ssh?: boolean
}

export function addReserve(program: Command, cli: Cli): void {
  withReserveOptions(program.command('reserve').description('reserve containers'))
    .option('--password-stdin', 'read the password from stdin (default: generated, unless a key is given)')
    .option('--ssh', 'log in to the first container; creates a key if none is given')
    .option('--idempotency-key <text>', 'requests with the same key and content make one reservation')
    .action(async (options: Options, command: Command) => {
      const context = openContext(cli, command)
      const localState = new LocalState(cli.environment.stateDir)
      await localState.forgetEnded(context.client, context.settings.url)
      const keys = await readKeys(cli, context.terminal, options.key)
      if (options.ssh || keys.length > 0) localState.assertWritable()
      const reserved = await withPrivateFolder(async (folder) => {
        const own = options.ssh && keys.length === 0 ? await createEphemeralKey(folder) : undefined
        if (own && options.idempotencyKey !== undefined) {
          const advice = 'without --key each run creates another key, so the requests would differ'
          throw new Failure(EXIT.usage, '--idempotency-key and --ssh require --key', { advice })
        }
        const reservation = await reserve(cli, context, options, own ? [own] : keys)
        const identity = own
          ? localState.writeFile(reservation.id, 'id_ed25519', readFileSync(own.identity, 'utf8'))
          : keys[0]?.identity
        if (identity !== undefined) localState.save(reservation.id, { url: context.settings.url, identity })
        return reservation
      })
      if (context.json) context.terminal.json(reserved)
      else printReserved(context, reserved, cli.clock())
      if (options.ssh) await logIn(cli, context, { reservation: reserved })
    })
}

async function reserve(
  cli: Cli,
  context: CommandContext,
  options: Options,
  keys: readonly SshKeys[],
): Promise<Reserved> {
  const password = options.passwordStdin === true ? { password: await readSecret(cli, 'Password') } : {}
  const publicKeys = keys.flatMap((key) => key.publicKeys)
  return reserveAndWait(cli, context, { ...requestOf(options, publicKeys), ...password }, options.idempotencyKey)
}

function printReserved({ terminal }: CommandContext, reserved: Reserved, now: number): void {
  const { containers, username, expires_at, password, id } = reserved
  const until = expires_at === null ? '' : ` until ${formatTime(expires_at, now)} (${timeLeft(expires_at, now)})`
  terminal.say(
    `${terminal.paint('green', 'Reserved')} ${pluralize(containers.length, 'container')} for ${username}${until}.`,
  )
  terminal.say('')
  terminal.table(
    [
      { title: 'CONTAINER', of: (row) => row.name },
      { title: 'LOGIN', of: (row) => sshCommandOf(row, username) },
      { title: 'HOST KEY', of: (row) => row.host_key ?? '' },
    ],
    containers,
    { cut: false },
  )
  terminal.say('')
  if (password !== undefined) terminal.say(`Password: ${terminal.paint('bold', password)} (shown only once)`)
  terminal.say(`Log in: \`berth ssh ${containers[0]?.name ?? ''}\`. Release: \`berth release ${short(id)}\`.`)
}
