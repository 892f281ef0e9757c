/** Removes from a container what must not be in an image that is made from it. */
import { BerthError } from '../domain/errors.ts'
import type { Target } from '../ports/accounts.ts'
import { failureOf, type Shell } from './shell.ts'

const TIMEOUT_MS = 20_000

/**
 * Docker writes /etc/hosts when it starts a container, so a newer host key was made in this container. An older key
 * belongs to the base image, which may have no way to make another; each container replaces it
 * (`readiness/own-host-key.ts`). The agent does not start where it has left `berth-taken`.
 */
const PROGRAM = `
for file in /etc/ssh/ssh_host_*; do
  if [[ -e $file && ! $file -ot /etc/hosts ]]; then rm -f -- "$file" || exit 1; fi
done
rm -rf -- /var/lib/berth-* /run/berth-listens
`

/** See `Accounts.generalize`. */
export async function generalize(shell: Shell, { id, name }: Target): Promise<void> {
  const result = await shell.run(id, { program: PROGRAM, timeoutMs: TIMEOUT_MS })
  if (result.code !== 0) throw new BerthError('guest_failed', `cannot generalize ${name}: ${failureOf(result)}`)
}
