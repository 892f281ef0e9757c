import type { Command } from 'commander'
import type { Reserved } from '../../client/client.ts'
import { keepAlive } from '../keep-alive.ts'
import { readKey, throwAwayKey } from '../keys.ts'
import { withSshCommand } from '../ssh-command.ts'
import { runSsh, type SshRun } from '../programs.ts'
import { prefixed } from '../prefixed.ts'
import { withPrivateFolder } from '../private-folder.ts'
import { askFor, release } from '../reserving.ts'
import { type Cli, openSession, type Session } from '../session.ts'
import { requestOf, type WhatToReserve, withReserveOptions } from '../what-to-reserve.ts'

/** A run that nobody speaks for any more ends after this long: a dead CI job holds nothing. */
const KEEPALIVE = '2m'

/** Nobody is asked, nothing but the command is heard, and a connection that is dead is known to be. */
const QUIET = ['BatchMode=yes', 'LogLevel=ERROR', 'ServerAliveInterval=15', 'ServerAliveCountMax=4']

const ABOUT = `Reserves, runs the command over SSH, releases, and exits as the command did; also after Ctrl-C, which stops it.

One word goes to the shell over there as it is ('make && make test'), several arrive as they are. With --count it runs in
each container at once, every line behind the name of its container; the exit code is the first that is not 0.`

interface Options extends WhatToReserve {
  readonly tty?: boolean
}

export function addRun(program: Command, cli: Cli): void {
  withReserveOptions(program.command('run').summary('reserve, run a command, release').description(ABOUT))
    .usage('[options] -- COMMAND...')
    .option('-t, --tty', 'give the command a terminal')
    .argument('<command...>', 'what to run there')
    .action(async (words: string[], options: Options, command: Command) => {
      const session = openSession(cli, command)
      const given = (options.key ?? []).map(readKey)
      const usable = given.find((pair) => pair.identity !== undefined)
      process.exitCode = await withPrivateFolder(async (folder) => {
        const pair = usable ?? (await throwAwayKey(folder))
        const keys = [...given.filter((each) => each !== pair), pair].map((key) => key.publicKey)
        const body = { ...requestOf(options, keys), keepalive: KEEPALIVE }
        return reserveAndRun(cli, session, body, { words, tty: options.tty === true, identity: pair.identity })
      })
    })
}

interface What {
  readonly words: readonly string[]
  readonly tty: boolean
  readonly identity: string | undefined
}

async function reserveAndRun(
  cli: Cli,
  session: Session,
  body: Parameters<typeof askFor>[2],
  what: What,
): Promise<number> {
  const reserved = await askFor(cli, session, body)
  const interrupted = cli.interrupts.takeOver()
  const alive = keepAlive(session.client, reserved.id)
  try {
    const codes = await Promise.all(reserved.containers.map((_, index) => runIn(cli, session, reserved, index, what)))
    interrupted.throwIfAborted()
    if (codes.includes(255)) await sayIfOver(session, reserved.id)
    return codes.find((code) => code !== 0) ?? 0
  } finally {
    alive.stop()
    await release(session.client, reserved.id).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      session.terminal.note(`berth: not released yet (${reason}); it ends by itself within ${KEEPALIVE}`)
    })
  }
}

/** In one of the containers; its exit code. */
async function runIn(cli: Cli, { terminal }: Session, reserved: Reserved, index: number, what: What): Promise<number> {
  const place = reserved.containers[index]
  if (!place) return 255
  const interrupted = cli.interrupts.takeOver()
  const options = [...QUIET, `RequestTTY=${what.tty ? 'force' : 'no'}`]
  const login = { place, username: reserved.username, identity: what.identity, options, command: what.words }
  return withSshCommand(login, async (args) => {
    interrupted.throwIfAborted()
    const alone = reserved.containers.length === 1
    const run: SshRun = runSsh(args, alone ? 'inherit' : ['ignore', 'pipe', 'pipe'])
    interrupted.addEventListener('abort', run.stop)
    const copies = alone
      ? []
      : [
          prefixed(run.output, `${place.name} | `, (line) => terminal.say(line)),
          prefixed(run.errors, `${place.name} | `, (line) => terminal.note(line)),
        ]
    try {
      await Promise.all(copies)
      return await run.done
    } finally {
      interrupted.removeEventListener('abort', run.stop)
    }
  })
}

/** ssh only knows that it was cut off; the manager knows why. */
async function sayIfOver({ client, terminal }: Session, id: string): Promise<void> {
  const { data } = await client.GET('/v1/reservations/{id}', { params: { path: { id } } })
  if (!data || data.state === 'active') return
  const advice = data.outcome === 'expired' ? '; reserve for longer with --for' : ''
  terminal.note(`berth: the reservation is over (${data.outcome ?? data.state})${advice}`)
}
