import type { Accounts } from '../ports/accounts.ts'
import type { Ansible } from './ansible/playbook.ts'
import { playbookVersion, preparationDigest } from './ansible/version.ts'
import { generalize } from './generalization.ts'
import { writeHostCertificate } from './host-certificate.ts'
import { answer, notify } from './notification.ts'
import { writePeerNames } from './peers.ts'
import { perTarget } from './per-target.ts'
import { preparing } from './prepare.ts'
import type { Shell } from './shell.ts'

type SharedVerbs = Omit<Accounts, 'deadlineMs' | 'survey' | 'createAccounts'>

/** Returns the verbs that do not depend on how accounts are created. */
export function sharedVerbs(shell: Shell, ansible: Ansible): SharedVerbs {
  return {
    notify: (targets, notification) => perTarget(targets, (target) => notify(shell, target, notification)),
    writeHostCertificates: (certificates) =>
      perTarget([...certificates.keys()], (target) =>
        writeHostCertificate(shell, target, certificates.get(target) ?? ''),
      ),
    answer: (target, text) => answer(shell, target, text),
    writePeerNames: (targets, peers) => perTarget(targets, (target) => writePeerNames(shell, target, peers)),
    playbookVersion,
    preparationDigest,
    prepare: preparing(shell.engine, ansible),
    generalize: (target) => generalize(shell, target),
  }
}
