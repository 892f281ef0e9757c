import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { Reserved } from '../../client/client.ts'
import { EXIT, Failure } from '../failures.ts'
import { type KeyPair, readKey, throwAwayKey } from '../keys.ts'
import { logIn } from '../log-in.ts'
import { withPrivateFolder } from '../private-folder.ts'
import { Remembered } from '../remembered.ts'
import { askFor } from '../reserving.ts'
import { short } from '../reservations.ts'
import { readSecret } from '../secret.ts'
import { type Cli, openSession, type Session } from '../session.ts'
import { table } from '../table.ts'
import { clockTime, left } from '../times.ts'
import { requestOf, type WhatToReserve, withReserveOptions } from '../what-to-reserve.ts'

interface Options extends WhatToReserve {
  readonly passwordStdin?: boolean
  readonly idempotencyKey?: string
  readonly ssh?: boolean
}

export function addReserve(program: Command, cli: Cli): void {
  withReserveOptions(program.command('reserve').description('reserve containers'))
    .option('--password-stdin', 'take the password from stdin (default: one is made, unless there is a key)')
    .option('--ssh', 'log in to the first container; makes a key when none is given')
    .option('--idempotency-key <text>', 'a request with the same key and content is the same reservation')
    .action(async (options: Options, command: Command) => {
      const session = openSession(cli, command)
      const remembered = new Remembered(cli.environment.stateDir)
      await remembered.forgetEnded(session.client, session.settings.url)
      const keys = (options.key ?? []).map(readKey)
      if (options.ssh || keys.length > 0) remembered.prepare()
      const reserved = await withPrivateFolder(async (folder) => {
        const own = options.ssh && keys.length === 0 ? await throwAwayKey(folder) : undefined
        if (own && options.idempotencyKey !== undefined) {
          const advice = 'the key that would be made is another one each time: give one with --key'
          throw new Failure(EXIT.usage, '--idempotency-key does not go with --ssh alone', { advice })
        }
        const made = await reserve(cli, session, options, own ? [own] : keys)
        const identity = own
          ? remembered.write(made.id, 'id_ed25519', readFileSync(own.identity, 'utf8'))
          : keys[0]?.identity
        if (identity !== undefined) remembered.setAbout(made.id, { url: session.settings.url, identity })
        return made
      })
      if (session.json) session.terminal.json(reserved)
      else tell(session, reserved, cli.clock())
      if (options.ssh) await logIn(cli, session, { reservation: reserved })
    })
}

async function reserve(cli: Cli, session: Session, options: Options, keys: readonly KeyPair[]): Promise<Reserved> {
  const password = options.passwordStdin === true ? { password: await readSecret(cli, 'Password') } : {}
  const publicKeys = keys.map((key) => key.publicKey)
  return askFor(cli, session, { ...requestOf(options, publicKeys), ...password }, options.idempotencyKey)
}

function tell({ terminal }: Session, reserved: Reserved, now: number): void {
  const { containers, username, expires_at, password, id } = reserved
  const what = containers.length === 1 ? 'one container' : `${containers.length} containers`
  const until = expires_at === null ? '' : ` until ${clockTime(expires_at, now)} (${left(expires_at, now)})`
  terminal.say(`${terminal.paint('green', 'Reserved')} ${what} for ${username}${until}.`)
  terminal.say('')
  const lines = table(
    [
      { title: 'CONTAINER', of: (row) => row.name },
      { title: 'BY HAND', of: (row) => `ssh -p ${row.port} ${username}@${row.host}` },
      { title: 'HOST KEY', of: (row) => row.host_key ?? '' },
    ],
    containers,
    { width: Number.POSITIVE_INFINITY, title: (text) => terminal.paint('dim', text) },
  )
  for (const line of lines) terminal.say(line)
  terminal.say('')
  if (password !== undefined) terminal.say(`Password: ${terminal.paint('bold', password)} (shown only here)`)
  terminal.say(`\`berth ssh ${containers[0]?.name ?? ''}\` logs in, \`berth release ${short(id)}\` gives it back.`)
}
