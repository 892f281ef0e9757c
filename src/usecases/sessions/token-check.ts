/** Checks the API tokens of requests and of sign-ins. */
import type { Clock } from '../../ports/clock.ts'
import type { Store } from '../../ports/store.ts'
import type { Log } from '../../ports/log.ts'
import { BerthError } from '../../domain/errors.ts'
import type { Token } from '../../domain/identity.ts'
import { isSecretOf, readToken } from '../token-secret.ts'
import { createUseRecord } from './use-record.ts'

/** Returns the token with this text. `unauthorized` for unknown, deleted and expired tokens. */
export type TokenCheck = (text: string) => Promise<Token>

interface TokenCheckDeps {
  readonly store: Pick<Store, 'token' | 'useToken'>
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
}

/** The check reads the database each time, so that a deleted token is refused at once. */
export function createTokenCheck({ store, clock, log }: TokenCheckDeps): TokenCheck {
  const recordUse = createUseRecord({ kind: 'token', clock, log, write: (id, now) => store.useToken(id, now) })

  return async (text) => {
    const read = readToken(text)
    const token = read && (await store.token(read.id))
    if (!read) throw refused('malformed API token: expected berth_<12 hex digits>_<64 hex digits>')
    if (!token || !isSecretOf(read.secret, token.hash)) throw refused('unknown or deleted API token')
    const { expiresAt } = token
    if (expiresAt !== null && expiresAt <= clock()) {
      throw refused(`this API token expired at ${new Date(expiresAt).toISOString()}`)
    }
    await recordUse(token)
    return token
  }
}

function refused(why: string): BerthError {
  return new BerthError('unauthorized', `${why}; ${TOKEN_ADVICE}`)
}

/** How a caller without a valid token gets one. */
export const TOKEN_ADVICE = 'an admin creates tokens with "berth token create"'
