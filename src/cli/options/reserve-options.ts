/** Options of every command that reserves, and the request that they make. */
import type { Command } from 'commander'
import type { ReserveRequest } from '../../client/client.ts'
import { GRACE } from '../reservations/grace.ts'
import { collect, count, duration, given } from './arguments.ts'

const DEFAULT_WAIT = '1h'

const ABOUT_WAIT =
  `wait in the queue if too few are free, ${DEFAULT_WAIT} unless a duration is given; ` +
  `without this option ${GRACE}, for containers that are being made; 0: not at all`

const ABOUT_KEY =
  'public SSH key: a file such as ~/.ssh/id_ed25519.pub, its text, ' +
  'gh:NAME (GitHub) or gl:NAME (GitLab); repeatable'

export interface ReserveOptions {
  readonly count: number
  readonly for?: string
  readonly pool?: string
  readonly user?: string
  readonly note?: string
  readonly name?: string
  readonly wait?: string | true
  readonly key?: readonly string[]
}

export function withReserveOptions(command: Command): Command {
  return command
    .option('-c, --count <number>', 'how many containers', count, 1)
    .option(
      '-f, --for <duration>',
      "how long, such as 90m or 2h (default: the pool's, or the limit of your token)",
      duration,
    )
    .option('-p, --pool <name>', "pool (default: the manager's first)")
    .option('-u, --user <name>', 'name of the account inside (default: user)')
    .option('-k, --key <file>', ABOUT_KEY, collect)
    .option('-w, --wait [duration]', ABOUT_WAIT, waitDuration)
    .option('-n, --note <text>', 'what it is for')
    .option('--name <name>', 'short name for the reservation, such as web: a-z, 0-9 and "-"; serves as NAME')
}

/** Returns the wait as the API takes it. */
function waitDuration(text: string): string {
  return text === '0' ? '0s' : duration(text)
}

export function requestOf(options: ReserveOptions, sshKeys: readonly string[]): ReserveRequest {
  const { count: number, for: time, pool, user, note, name, wait } = options
  return {
    count: number,
    ...given({ duration: time, pool, username: user, note, name, wait: wait === true ? DEFAULT_WAIT : wait }),
    ...(sshKeys.length > 0 && { ssh_keys: [...sshKeys] }),
  }
}
