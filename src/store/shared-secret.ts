/**
 * The secret of managers on several machines. The database has a digest of it, the check, so that a manager with
 * another secret is refused: its host CA, sessions of browsers and generated passwords would differ.
 */
import { createHmac } from 'node:crypto'
import { existsSync } from 'node:fs'
import { BerthError } from '../domain/errors.ts'
import type { SecretStore } from '../ports/store/secret.ts'
import { openSecret } from './secret-file.ts'

/**
 * Returns the secret in this file. The first manager of the database creates it and records its check. `name` is that
 * of the database, for messages. `invalid_config` when the file has another secret, or is missing after a first start.
 */
export async function openSharedSecret(file: string, name: string, store: SecretStore): Promise<Buffer> {
  const known = await store.secretCheck()
  // Checked first: openSecret would create another secret, which the next start would then find.
  if (known !== null && !existsSync(file)) throw refused(`${file} does not exist`, name)
  const secret = openSecret(file)
  const check = createHmac('sha256', secret).update('secret of the managers of a database').digest('hex')
  if ((known ?? (await store.recordSecretCheck(check))) === check) return secret
  throw refused(`the secret in ${file} differs from that of the other managers of this database`, name)
}

function refused(what: string, name: string): BerthError {
  const todo = `copy the file from a machine where a manager of ${name} runs`
  return new BerthError('invalid_config', `${what}; ${todo}, or see "The secret" in docs/guides/postgresql.md`)
}
