import { BerthError } from '../../../domain/errors.ts'
import type { Docker } from '../api/client.ts'
import type { Requests } from '../api/requests.ts'
import { KeptShell } from '../api/shell.ts'
import { blocklistChange } from './rules.ts'
import { firewallName } from './spec.ts'

/**
 * Runs each line as an nft transaction and prints its result. When stdin has ended, which `read -t 0` of bash sees, the
 * manager has given up on the line: carried out late, it would block the next container at an address.
 */
const SHELL = [
  ...['/bin/bash', '-c'],
  `while read -r id change; do
     read -r -t 0 && exit
     printf '%s\\n' "$change" | nft -f - 2>&1
     printf 'berth-done %s %s\\n' "$id" $?
   done`,
]

/** Changes the blocklist through a shell in the firewall. */
export class FirewallShell {
  readonly #instance: string
  readonly #shell: KeptShell

  /** `deadlineMs` bounds opening the shell, and each change of the blocklist. */
  constructor(docker: Docker, requests: Requests, instance: string, deadlineMs: number) {
    this.#instance = instance
    this.#shell = new KeptShell(docker, requests, {
      container: firewallName(instance),
      command: () => SHELL,
      deadlineMs,
    })
  }

  /** Opens the shell and keeps it open. Callers need not wait for it. */
  async open(): Promise<void> {
    await this.#shell.open()
  }

  /** Takes addresses off the network, on every way, and others back, in one transaction. One change at a time. */
  async change(block: readonly string[], unblock: readonly string[]): Promise<void> {
    void this.open()
    const change = blocklistChange(this.#instance, block, unblock)
    const { code, output } = await this.#shell.request('update the firewall', () => change)
    if (code !== 0) throw new BerthError('engine_unavailable', `update the firewall: ${output.trim()}`)
  }

  close(): void {
    this.#shell.close()
  }
}
