/** Options of every command that logs in to a container of a reservation. */
import type { Command } from 'commander'
import { collect } from './arguments.ts'
import { type TunnelOption, withTunnelOption } from './tunnel-option.ts'

export interface SshOptions extends TunnelOption {
  readonly identity?: string
  readonly sshOption?: readonly string[]
}

export function withSshOptions(command: Command): Command {
  return withTunnelOption(command)
    .option('-i, --identity <file>', 'private key (default: that of the reservation, if this machine has it)')
    .option('-o, --ssh-option <option>', 'option of ssh, such as "ForwardAgent=yes"; repeatable', collect)
}
