/** The secret of the manager as a client of the identity provider: in a file of its own, so that berth.yml has none. */
import { readFileSync } from 'node:fs'
import { BerthError, reasonOf } from '../domain/errors.ts'

/** Returns the secret without the line break that editors add. `invalid_config` when there is none. */
export function readClientSecret(file: string): string {
  try {
    const secret = readFileSync(file, 'utf8').trim()
    if (secret !== '') return secret
  } catch (cause) {
    const message = `auth.oidc.client_secret_file ${file} cannot be read: ${reasonOf(cause)}`
    throw new BerthError('invalid_config', message, { cause })
  }
  throw new BerthError('invalid_config', `auth.oidc.client_secret_file ${file} is empty; it must contain the secret`)
}
