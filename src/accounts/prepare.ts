import type { Accounts } from '../core/ports.ts'
import type { Ansible } from './playbook.ts'

/** A pool's playbook may install whole desktops from slow mirrors. */
const deadlineMs = 15 * 60_000

/** `prepare` is the same however accounts are made. */
export function preparing(ansible: Ansible): Accounts['prepare'] {
  return (targets, playbook) => ansible.run({ targets, playbook, timeoutMs: deadlineMs })
}
