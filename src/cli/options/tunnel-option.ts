/** `--tunnel` of the commands that log in, or that describe logins. */
import type { Command } from 'commander'

export interface TunnelOption {
  readonly tunnel?: boolean
}

export function withTunnelOption(command: Command): Command {
  return command
    .option('--tunnel', 'connect through the manager (default: BERTH_TUNNEL, or as the manager says)')
    .option('--no-tunnel', 'connect to the SSH port of the container')
}
