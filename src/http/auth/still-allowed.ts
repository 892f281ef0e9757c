/** Asks again who sent a request that is answered for a long time: a stream of events, a terminal. */
import { hasCode } from '../../domain/errors.ts'
import type { Authenticate, Sender } from './identity.ts'

/**
 * Returns false once the caller of this request may no longer send it: the token or the session was deleted, or has
 * ended. Returns true while that cannot be checked. `isUse`: the check keeps an idle session from ending, as of a
 * person at a terminal; watching a list does not.
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
