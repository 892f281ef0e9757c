/**
 * The secret of managers on several machines. The database has a check of it, so that a manager with another file is
 * refused: its host CA, sessions of browsers and generated passwords would not be those of the other managers.
 */
import { createHmac } from 'node:crypto'
import { existsSync } from 'node:fs'
import { BerthError } from '../domain/errors.ts'
import type { SecretStore } from '../ports/store/secret.ts'
import { openSecret } from './secret-file.ts'

/**
 * Returns the secret in this file. The first manager of the database creates it and records its check. `name` is the
 * database's, for people. `invalid_config` when the file has another secret, or is missing after the first start.
 */
export async function openSharedSecret(file: string, name: string, store: SecretStore): Promise<Buffer> {
  const known = await store.secretCheck()
  // Another secret must not be left where the next start would find it.
  if (known !== null && !existsSync(file)) throw refused(`${file} does not exist`, name)
  const secret = openSecret(file)
  const check = createHmac('sha256', secret).update('secret of the managers of a database').digest('hex')
  if ((known ?? (await store.recordSecretCheck(check))) === check) return secret
  throw refused(`${file} has another secret than the other managers of this database`, name)
}

function refused(what: string, name: string): BerthError {
  const todo = `copy the file from a machine on which a manager of ${name} runs`
  return new BerthError('invalid_config', `${what}; ${todo}, or see "The secret" in docs/guides/postgresql.md`)
}
