/** Authenticates a request again while it is being answered: a stream of events. */
import { hasCode } from '../../domain/errors.ts'
import type { Authenticate, Sender } from './identity.ts'

/**
 * Returns false once the token or session of this request is no longer valid. Returns true if that cannot be checked.
 * The check is no use of the session.
 */
export type IsStillAllowed = (request: Sender) => Promise<boolean>

export function createIsStillAllowed(authenticate: Authenticate): IsStillAllowed {
  return async (request) => {
    try {
      await authenticate(request, false)
      return true
    } catch (error) {
      return !hasCode(error, 'unauthorized')
    }
  }
}
