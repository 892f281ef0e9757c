/** Authenticates a request by its Authorization header: an API token, or a token of the identity provider. */
import type { Clock } from '../../ports/clock.ts'
import { BerthError } from '../../domain/errors.ts'
import { ANONYMOUS } from '../../domain/identity.ts'
import type { Store } from '../../ports/store.ts'
import type { Authenticate, Caller } from './identity.ts'
import { isSecretOf, readToken } from '../../usecases/token-secret.ts'
import { time } from '../time.ts'

/** `auth: none`: every caller is an admin. */
export function allowAnonymous(): Authenticate {
  const anyone = { identity: ANONYMOUS, auth: 'none', expiresAt: null } as const
  return () => anyone
}

export interface Authorities {
  readonly store: Pick<Store, 'token'>
  readonly clock: Clock
  /** Verifies tokens of the identity provider; null when there is none. */
  readonly signOn: ((jwt: string) => Promise<Caller>) | null
}

/** Looks a token up in the database for each request, so that a deleted one is refused at once. */
export function requireToken({ store, clock, signOn }: Authorities): Authenticate {
  async function known(text: string): Promise<Caller> {
    const read = readToken(text)
    const token = read && (await store.token(read.id))
    if (!read) throw refused('malformed API token: expected berth_<12 hex digits>_<64 hex digits>')
    if (!token || !isSecretOf(read.secret, token.hash)) throw refused('unknown or deleted API token')
    const { name, role, limits, expiresAt } = token
    if (expiresAt !== null && expiresAt <= clock()) throw refused(`this API token expired at ${time(expiresAt)}`)
    return { identity: { name, role, limits }, auth: 'token', expiresAt }
  }

  return async (authorization) => {
    const [, text] = /^Bearer +(\S.*)$/i.exec(authorization?.trimEnd() ?? '') ?? []
    if (text === undefined) {
      const provider = signOn ? ', an API token or one of the identity provider' : ''
      throw refused(`authentication required: send "Authorization: Bearer <token>"${provider}`)
    }
    // API tokens have no dots, JSON Web Tokens have two.
    return signOn && text.includes('.') ? signOn(text) : known(text)
  }
}

function refused(why: string): BerthError {
  const advice = 'an admin creates tokens with "berth token create"'
  return new BerthError('unauthorized', `${why}; ${advice}`)
}
