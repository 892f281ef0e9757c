/** Authenticates a request again while it is being answered: a stream of events, a terminal. */
import { hasCode } from '../../domain/errors.ts'
import type { Authenticate, Sender } from './identity.ts'

/**
 * Returns false once the token or session of this request is no longer valid. Returns true if that cannot be checked.
 * `isUse`: the check counts as a use of the session, as for a person at a terminal. Watching a list is no use.
 */
export type IsStillAllowed = (request: Sender, options?: { readonly isUse?: boolean }) => Promise<boolean>

export function createIsStillAllowed(authenticate: Authenticate): IsStillAllowed {
  return async (request, { isUse = false } = {}) => {
    try {
      await authenticate(request, isUse)
      return true
    } catch (error) {
      return !hasCode(error, 'unauthorized')
    }
  }
}
