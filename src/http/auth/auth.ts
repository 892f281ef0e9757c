/**
 * Authenticates a request: by its Authorization header (an API token, or a token of the identity provider), or by the
 * cookie of a session.
 */
import { BerthError } from '../../domain/errors.ts'
import { ANONYMOUS } from '../../domain/identity.ts'
import type { Sessions } from '../../usecases/sessions/sessions.ts'
import { TOKEN_ADVICE, type TokenCheck } from '../../usecases/sessions/token-check.ts'
import type { Authenticate, Caller, Sender } from './identity.ts'
import { requireOwnPage } from './origin-check.ts'
import { cookieNames, readCookie } from './session-cookie.ts'

/** `auth: none`: every caller is an admin. */
export function allowAnonymous(): Authenticate {
  const anyone = { identity: ANONYMOUS, auth: 'none', expiresAt: null } as const
  return () => anyone
}

export interface Authorities {
  readonly checkToken: TokenCheck
  /** Verifies tokens of the identity provider; null when there is none. */
  readonly signOn: ((jwt: string) => Promise<Caller>) | null
  readonly sessions: Pick<Sessions, 'find'>
  /** Returns `url` of berth.yml. */
  readonly url: () => string | null
}

/** Requires a token or a session. If a request has an Authorization header, its cookie is ignored. */
export function requireToken({ checkToken, signOn, sessions, url }: Authorities): Authenticate {
  async function bearerOf(authorization: string): Promise<Caller> {
    const [, text] = /^Bearer +(\S.*)$/i.exec(authorization.trimEnd()) ?? []
    if (text === undefined) throw missing()
    // API tokens have no dots, JSON Web Tokens have two.
    if (signOn && text.includes('.')) return signOn(text)
    const { id, name, role, limits, expiresAt } = await checkToken(text)
    return { identity: { name, role, limits }, auth: 'token', expiresAt, token: id }
  }

  async function browserOf(request: Sender, cookie: string, isUse: boolean): Promise<Caller> {
    requireOwnPage(request)
    const { id, name, role, limits, tokenId, endsAt } = await sessions.find(cookie, isUse)
    const auth = tokenId === null ? 'oidc' : 'token'
    return { identity: { name, role, limits }, auth, expiresAt: endsAt, session: id }
  }

  function missing(): BerthError {
    const provider = signOn ? ', an API token or one of the identity provider' : ''
    const header = `authentication required: send "Authorization: Bearer <token>"${provider}`
    return new BerthError('unauthorized', `${header}, or sign in with a browser at /ui/sign-in; ${TOKEN_ADVICE}`)
  }

  return async (request, isUse = true) => {
    const { authorization } = request.headers
    if (authorization !== undefined) return bearerOf(authorization)
    const cookie = readCookie(request, cookieNames(request, url()).session)
    if (cookie === undefined) throw missing()
    if (request.routeOptions.config.ignoresCookies !== true) return browserOf(request, cookie, isUse)
    const why = 'a GET that changes something does not accept the sign-in of a browser'
    throw new BerthError('unauthorized', `${why}; send "Authorization: Bearer <token>", or use /v1`)
  }
}
