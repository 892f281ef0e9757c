/** Secret of the manager at the identity provider. It is in its own file, so that berth.yml contains no secret. */
import { readFileSync } from 'node:fs'
import { BerthError, reasonOf } from '../domain/errors.ts'

/** Returns the secret, without whitespace around it. `invalid_config` if it is missing. */
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
