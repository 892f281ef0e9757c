/** Checks the credential of a caller again, at any manager and without the token or cookie itself. */
import { BerthError, hasCode } from '../../domain/errors.ts'
import type { Credential } from '../../domain/identity.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Store } from '../../ports/store.ts'
import type { Sessions } from '../../usecases/sessions/sessions.ts'
import type { Caller } from './identity.ts'

/**
 * Returns false once the token or the session is no longer valid. Returns true if that cannot be checked. Counts as a
 * use of the session.
 */
export type IsStillValid = (credential: Credential) => Promise<boolean>

interface CredentialDeps {
  readonly store: Pick<Store, 'token'>
  readonly sessions: Pick<Sessions, 'use'>
  readonly clock: Clock
}

export function createIsStillValid({ store, sessions, clock }: CredentialDeps): IsStillValid {
  async function isValid({ kind, id, expiresAt }: Credential): Promise<boolean> {
    if (expiresAt !== null && expiresAt <= clock()) return false
    if (id === null) return true
    return kind === 'session' ? sessions.use(id) : (await store.token(id)) !== null
  }

  return async (credential) => {
    try {
      return await isValid(credential)
    } catch (error) {
      return !hasCode(error, 'unauthorized')
    }
  }
}

/** Returns what identifies the credential of a caller. */
export function credentialOf({ auth, expiresAt, session, token }: Caller): Credential {
  if (session !== undefined) return { kind: 'session', id: session, expiresAt }
  if (token !== undefined) return { kind: 'token', id: token, expiresAt }
  if (auth === 'token') throw new BerthError('internal', 'a caller was authenticated with an API token that has no id')
  return { kind: auth, id: null, expiresAt }
}
