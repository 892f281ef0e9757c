/** Who sends a request, by its Authorization header: a token of ours, or one of an identity provider. */
import type { Clock } from '../../core/clock.ts'
import { BerthError } from '../../core/errors.ts'
import { ANYONE } from '../../core/identity.ts'
import type { Store } from '../../core/store.ts'
import type { Authenticate, Caller } from './identity.ts'
import { isSecretOf, readToken } from './token.ts'
import { time } from '../views.ts'

/** For `auth: none`: everybody is everything, whatever they show. */
export function welcomeAnyone(): Authenticate {
  const anyone = { identity: ANYONE, auth: 'none', expiresAt: null } as const
  return () => anyone
}

export interface Authorities {
  readonly store: Pick<Store, 'token'>
  readonly clock: Clock
  /** Knows the tokens of the identity provider; null when there is none. */
  readonly signOn: ((jwt: string) => Promise<Caller>) | null
}

/** Each token is looked up in the database each time, so that a deleted one is worth nothing from then on. */
export function requireToken({ store, clock, signOn }: Authorities): Authenticate {
  async function known(text: string): Promise<Caller> {
    const read = readToken(text)
    const token = read && (await store.token(read.id))
    if (!read) throw refused('this is not a whole token of Berth, which is like berth_<12 characters>_<64 characters>')
    if (!token || !isSecretOf(read.secret, token.hash)) throw refused('this token is not known, or was deleted')
    const { name, role, limits, expiresAt } = token
    if (expiresAt !== null && expiresAt <= clock()) throw refused(`this token expired at ${time(expiresAt)}`)
    return { identity: { name, role, limits }, auth: 'token', expiresAt }
  }

  return async (authorization) => {
    const [, text] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
    if (text === undefined) {
      const provider = signOn ? ' or of the identity provider' : ''
      throw refused(`this needs a token of Berth${provider}, in the header "Authorization: Bearer <token>"`)
    }
    // Ours have no dots, JSON Web Tokens have two.
    return signOn && text.includes('.') ? signOn(text) : known(text)
  }
}

function refused(why: string): BerthError {
  const advice = 'whoever runs this manager makes tokens with "berth token create"'
  return new BerthError('unauthorized', `${why}; ${advice}`)
}
