/** Settings from environment variables: the command's only reader of process.env. */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { KeyServers } from './ssh/published-keys.ts'

export interface Environment {
  readonly url: string | undefined
  readonly token: string | undefined
  /** Whether containers are reached through the manager: 1 or 0. */
  readonly tunnel: string | undefined
  /** The command's own file with url and token; berth.yml belongs to the manager. */
  readonly configFile: string
  /** Where the command stores which key belongs to which reservation. */
  readonly stateDir: string
  /** The user's configuration of ssh. */
  readonly sshConfig: string
  /** Where `--key gh:NAME` and `--key gl:NAME` are fetched. */
  readonly keyServers: KeyServers
  /** No colours and no line that is redrawn, also on a terminal. */
  readonly plain: boolean
  /** All variables, for `berth run --env NAME`. */
  readonly variables: Readonly<Record<string, string | undefined>>
}

export function readEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): Environment {
  /** The XDG specification says to ignore a path that is not absolute. */
  const base = (name: string, otherwise: string) => {
    const set = env[name]
    return set !== undefined && isAbsolute(set) ? set : join(homedir(), otherwise)
  }
  return {
    url: env['BERTH_URL'] || undefined,
    token: env['BERTH_TOKEN'] || undefined,
    tunnel: env['BERTH_TUNNEL'] || undefined,
    configFile: join(base('XDG_CONFIG_HOME', '.config'), 'berth', 'config.yml'),
    stateDir: join(base('XDG_STATE_HOME', '.local/state'), 'berth'),
    sshConfig: join(homedir(), '.ssh', 'config'),
    keyServers: {
      gh: env['BERTH_GITHUB_URL'] || 'https://github.com',
      gl: env['BERTH_GITLAB_URL'] || 'https://gitlab.com',
    },
    plain: Boolean(env['NO_COLOR']) || env['TERM'] === 'dumb',
    variables: env,
  }
}
