import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import type { Reserved, ReserveRequest } from '../../../client/client.ts'
import { reasonOf } from '../../../domain/errors.ts'
import { counted } from '../../../domain/text/counted.ts'
import { EXIT, Failure } from '../../failures.ts'
import { createEphemeralKey, type KeyPair, type SshKeys } from '../../ssh/keys.ts'
import { refreshSshConfig } from '../../ssh/config/refresh.ts'
import { logIn } from '../../ssh/login.ts'
import { withPrivateFolder } from '../../ssh/private-folder.ts'
import { LocalState } from '../../reservations/local-state.ts'
import { reserveAndWait } from '../../reservations/wait-for-reservation.ts'
import { short } from '../../reservations/lookup.ts'
import { duration, given } from '../../options/arguments.ts'
import { readKeys } from '../../options/key-option.ts'
import { readSecret } from '../../options/prompt.ts'
import { sshCommandOf } from '../../ssh/target.ts'
import { type Cli, type CommandContext, openContext } from '../../command-context.ts'
import { formatTime, timeLeft } from '../../output/format.ts'
import { type TunnelOption, withTunnelOption } from '../../options/tunnel-option.ts'
import { requestOf, type ReserveOptions, withReserveOptions } from '../../options/reserve-options.ts'

interface Options extends ReserveOptions, TunnelOption {
  readonly passwordStdin?: boolean
  readonly passwordWords?: boolean
  readonly passwordRandom?: boolean
  readonly idempotencyKey?: string
  readonly ssh?: boolean
  readonly keepalive?: string
}

const ABOUT = `Reserves containers, and prints how to log in.

The reservation gets a key of its own, which \`berth ssh\` and Ansible use on this machine. For other people there is
the password, or the keys of --key. With --idempotency-key, which makes a request that any machine can repeat, there is
no key of its own.`

export function addReserve(program: Command, cli: Cli): void {
  withTunnelOption(withReserveOptions(program.command('reserve').summary('reserve containers').description(ABOUT)))
    .option('--password-stdin', 'read the password from stdin (default: generated, unless --key or --ssh is given)')
    .addOption(
      new Option('--password-words', 'generate a password of four words, which are easy to type').conflicts(
        'passwordStdin',
      ),
    )
    .addOption(
      new Option('--password-random', 'generate a password of 20 characters, even with --key or --ssh').conflicts([
        'passwordStdin',
        'passwordWords',
      ]),
    )
    .option('--ssh', 'log in to the first container')
    .option('--idempotency-key <text>', 'requests with the same key and content make one reservation')
    .option('--keepalive <duration>', 'end it unless `berth keepalive` is called at least this often', duration)
    .action(async (options: Options, command: Command) => {
      const context = openContext(cli, command)
      const localState = new LocalState(cli.environment.stateDir)
      await localState.forgetEnded(context.client, context.settings.url)
      const keys = await readKeys(cli, context.terminal, options.key)
      const reserved = await withPrivateFolder(async (folder) => {
        const own = await ownKey(context, localState, { folder, keys, options })
        const reservation = await reserve(cli, context, options, own ? [...keys, own] : keys)
        const identity = own
          ? localState.writeFile(reservation.id, 'id_ed25519', readFileSync(own.identity, 'utf8'))
          : identityOf(keys)
        if (identity !== undefined) localState.save(reservation.id, { url: context.settings.url, identity })
        return reservation
      })
      if (context.json) context.terminal.json(reserved)
      else printReserved(context, reserved, cli.clock())
      await refreshSshConfig(cli, context)
      if (options.ssh) await logIn(cli, context, { reservation: reserved, tunnel: options.tunnel })
    })
}

interface OwnKeyRequest {
  /** Where to create it. */
  readonly folder: string
  /** Those of --key. */
  readonly keys: readonly SshKeys[]
  readonly options: Options
}

/**
 * Creates the key with which this machine logs in, so that no command asks for the password. Returns undefined when a
 * key of --key serves for that, when the request must be repeatable, or when no key can be stored: the password works.
 */
async function ownKey(
  { terminal }: CommandContext,
  localState: LocalState,
  { folder, keys, options }: OwnKeyRequest,
): Promise<KeyPair | undefined> {
  const isRepeatable = options.idempotencyKey !== undefined
  if (isRepeatable && options.ssh && keys.length === 0) {
    const advice = 'without --key each run creates another key, so the requests would differ'
    throw new Failure(EXIT.usage, '--idempotency-key and --ssh require --key', { advice })
  }
  const isNeeded = !isRepeatable && identityOf(keys) === undefined
  try {
    if (isNeeded || keys.length > 0) localState.assertWritable()
    return isNeeded ? await createEphemeralKey(folder) : undefined
  } catch (error) {
    if (options.ssh || keys.length > 0) throw error
    terminal.note(`berth: no key of its own (${reasonOf(error)}); log in with the password`)
    return undefined
  }
}

function identityOf(keys: readonly SshKeys[]): string | undefined {
  return keys.find(({ identity }) => identity !== undefined)?.identity
}

async function reserve(
  cli: Cli,
  context: CommandContext,
  options: Options,
  keys: readonly SshKeys[],
): Promise<Reserved> {
  const publicKeys = keys.flatMap((key) => key.publicKeys)
  const body = {
    ...requestOf(options, publicKeys),
    ...(await passwordOf(cli, options)),
    ...given({ keepalive: options.keepalive }),
  }
  return reserveAndWait(cli, context, body, options.idempotencyKey)
}

/** Other people log in with a password, or with the keys of --key. */
async function passwordOf(cli: Cli, options: Options): Promise<Pick<ReserveRequest, 'password' | 'password_style'>> {
  if (options.passwordStdin === true) return { password: await readSecret(cli, 'Password') }
  if (options.passwordWords === true) return { password_style: 'words' }
  const isGenerated = options.passwordRandom === true || (options.key === undefined && !options.ssh)
  return isGenerated ? { password_style: 'random' } : {}
}

function printReserved({ terminal }: CommandContext, reserved: Reserved, now: number): void {
  const { containers, username, expires_at, password, id, name } = reserved
  const until = expires_at === null ? '' : ` until ${formatTime(expires_at, now)} (${timeLeft(expires_at, now)})`
  terminal.say(
    `${terminal.paint('green', 'Reserved')} ${counted(containers.length, 'container')} for ${username}${until}.`,
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
  if (password !== undefined && containers.length > 1) {
    terminal.say(
      `All ${containers.length} containers share this account and password. ` +
        "People who must not enter each other's containers need reservations of their own.",
    )
  }
  terminal.say(
    `Log in: \`berth ssh ${name ?? containers[0]?.name ?? ''}\`. Release: \`berth release ${name ?? short(id)}\`.`,
  )
}
