/** How people sign in with a browser, for the routes. */
import type { Identity } from '../../domain/identity.ts'
import type { Sessions } from '../../usecases/sessions/sessions.ts'
import type { TokenCheck } from '../../usecases/sessions/token-check.ts'

export interface SignIn {
  readonly sessions: Sessions
  readonly checkToken: TokenCheck
  /** null: berth.yml has no `auth.oidc.client_id`. */
  readonly oidc: OidcSignIn | null
}

/** Sign-in at the identity provider. Its tokens stay in the manager. */
export interface OidcSignIn {
  readonly issuer: string
  /** Returns where to send the browser, and what its cookie has to remember. `SignInFailed`. */
  begin(returnTo: string): Promise<{ readonly location: string; readonly state: string }>
  /** Takes the query with which the provider sent the browser back, and that cookie. `SignInFailed`. */
  finish(query: string, state: string | undefined): Promise<{ readonly identity: Identity; readonly returnTo: string }>
}

/** Why a sign-in at the identity provider failed; the page of the sign-in says it in words. */
export type SignInFailure =
  /** It took too long, was used already, or was begun in another browser. */
  | 'expired'
  /** The person, or the provider, said no. */
  | 'denied'
  /** The provider does not answer. */
  | 'unavailable'
  /** The provider knows the person, but its token does not name one that may use this manager. */
  | 'not_allowed'
  /** The provider refused the manager, or sent something unexpected; the log says what. */
  | 'failed'

export class SignInFailed extends Error {
  override readonly name = 'SignInFailed'
  readonly why: SignInFailure

  /** `reason` is for the log. */
  constructor(why: SignInFailure, reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.why = why
  }
}

/** Lifetime of a sign-in that is under way. */
export const SIGN_IN_LIFE_MS = 600_000
