import { BerthError, codeOf, reasonOf } from '../domain/errors.ts'
import type { Accounts, Target } from '../ports/accounts.ts'
import type { Engine } from '../ports/engine.ts'
import type { Ansible } from './ansible/playbook.ts'

/** Maximum duration of a run: it may install desktops from slow mirrors. */
const PLAYBOOK_TIMEOUT_MS = 15 * 60_000
const PYTHON_CHECK_MS = 5_000

const NO_PYTHON = 'the image has no /usr/bin/python3, which playbooks need: install the package python3'

/** Returns `Accounts.prepare`, which does not depend on how accounts are created. */
export function preparing(engine: Engine, ansible: Ansible): Accounts['prepare'] {
  return async (targets, playbook) => {
    const outcomes = await ansible.run({ targets, playbook, timeoutMs: PLAYBOOK_TIMEOUT_MS })
    const explained = targets.map(async (target): Promise<[string, Error | null]> => {
      const error = outcomes.get(target.name) ?? null
      return [target.name, error && codeOf(error) === 'guest_failed' ? await explain(engine, target, error) : error]
    })
    return new Map(await Promise.all(explained))
  }
}

/** Checks for Python only after a failure: a playbook of raw tasks does not need it. */
async function explain(engine: Engine, { id }: Target, error: Error): Promise<Error> {
  const request = { command: ['test', '-x', '/usr/bin/python3'], timeoutMs: PYTHON_CHECK_MS }
  const found = await engine.exec(id, request).catch(() => null)
  if (found?.code !== 1) return error
  return new BerthError('guest_failed', `${NO_PYTHON} (${reasonOf(error)})`, { cause: error })
}
