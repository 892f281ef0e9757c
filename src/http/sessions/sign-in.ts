/** Ways to sign in with a browser, for the routes. */
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
  /** Returns the URL at the provider, and the state for the cookie. `SignInFailed`. */
  begin(returnTo: string): Promise<{ readonly location: string; readonly state: string }>
  /** Verifies the query with which the provider sent the browser back. `state` is from the cookie. `SignInFailed`. */
  finish(query: string, state: string | undefined): Promise<{ readonly identity: Identity; readonly returnTo: string }>
}

/** Why a sign-in at the identity provider failed. The sign-in page of the dashboard has a text for each. */
export type SignInFailure =
  /** The sign-in took too long, was already finished, or was started in another browser. */
  | 'expired'
  /** The person or the provider refused. */
  | 'denied'
  /** The provider does not answer. */
  | 'unavailable'
  /** The provider knows the person, but its token is not for this manager or has no usable name. */
  | 'not_allowed'
  /** The provider refused the manager, or its answer was unexpected; the log has the reason. */
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
