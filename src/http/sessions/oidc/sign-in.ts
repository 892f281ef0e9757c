/** Signs people in at the identity provider. Loaded only if berth.yml has `auth.oidc.client_id`. */
import * as oidc from 'openid-client'
import type { Clock } from '../../../ports/clock.ts'
import type { Log } from '../../../ports/log.ts'
import { hasCode, reasonOf } from '../../../domain/errors.ts'
import type { Identity, Limits, OidcClient, SignOn } from '../../../domain/identity.ts'
import { forTerminal } from '../../../domain/text/foreign-text.ts'
import { openSignOn } from '../../auth/oidc.ts'
import { type OidcSignIn, SignInFailed } from '../sign-in.ts'
import { createClient } from './client.ts'
import { createStateSeal, type SignInState } from './state.ts'

/** Path of the redirect URI. */
const CALLBACK_PATH = '/v1/session/oidc/callback'
/** Maximum length of the provider's texts in the log. */
const MAX_REASON_CHARACTERS = 300

interface Options {
  readonly signOn: SignOn
  readonly client: OidcClient
  readonly clientSecret: string | null
  readonly limits: () => Limits
  /** Returns `url` of berth.yml, the origin of the redirect URI. */
  readonly url: () => string
  /** Secret that the managers of the database share. */
  readonly secret: Uint8Array
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
}

export function openOidcSignIn({ signOn, client, clientSecret, limits, url, secret, clock, log }: Options): OidcSignIn {
  const { issuer } = signOn
  const clientOf = createClient({ issuer, clientId: client.id, clientSecret, clock })
  const seal = createStateSeal(secret, clock)
  // The audience of an ID token is the client. All other rules are those for tokens in requests.
  const identityOf = openSignOn({ ...signOn, audience: client.id, clients: null }, { clock, log, limits })

  async function configured(): Promise<oidc.Configuration> {
    try {
      return await clientOf()
    } catch (cause) {
      throw new SignInFailed('unavailable', `the metadata of ${issuer} cannot be read: ${describe(cause)}`, { cause })
    }
  }

  /** Exchanges the code for an ID token, whose nonce, audience and times are checked here. */
  async function idTokenFor(query: string, { state, nonce, verifier }: SignInState): Promise<string> {
    const config = await configured()
    const answered = new URL(`${url()}${CALLBACK_PATH}${query}`)
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true }
    try {
      const { id_token: idToken } = await oidc.authorizationCodeGrant(config, answered, checks)
      if (idToken === undefined) throw new SignInFailed('failed', 'the provider sent no ID token')
      return idToken
    } catch (error) {
      throw failureOf(error)
    }
  }

  async function verified(idToken: string): Promise<Identity> {
    try {
      return (await identityOf(idToken)).identity
    } catch (error) {
      const why = hasCode(error, 'unauthorized') ? 'not_allowed' : 'unavailable'
      throw new SignInFailed(why, reasonOf(error), { cause: error })
    }
  }

  return {
    issuer,

    async begin(returnTo) {
      const config = await configured()
      const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()]
      const location = oidc.buildAuthorizationUrl(config, {
        redirect_uri: `${url()}${CALLBACK_PATH}`,
        scope: client.scopes.join(' '),
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      return { location: location.href, state: await seal.seal({ state, nonce, verifier, returnTo }) }
    },

    async finish(query, cookie) {
      const begun = cookie === undefined ? null : await seal.open(cookie)
      if (!begun)
        throw new SignInFailed(
          'expired',
          'it took more than 10 minutes, was started in another browser, or was already finished',
        )
      if (new URLSearchParams(query).get('state') !== begun.state) {
        throw new SignInFailed('expired', 'the answer belongs to an earlier sign-in of this browser')
      }
      return { identity: await verified(await idTokenFor(query, begun)), returnTo: begun.returnTo }
    },
  }
}

function failureOf(error: unknown): SignInFailed {
  if (error instanceof SignInFailed) return error
  const isDenied = error instanceof oidc.AuthorizationResponseError && error.error === 'access_denied'
  const isNetwork = error instanceof TypeError || (error instanceof oidc.ClientError && error.code === 'OAUTH_TIMEOUT')
  const why = isDenied ? 'denied' : isNetwork ? 'unavailable' : 'failed'
  return new SignInFailed(why, describe(error), { cause: error })
}

/** Errors of the library do not quote tokens. `error` and `error_description` are texts of the provider. */
function describe(error: unknown): string {
  const words = error instanceof oidc.WWWAuthenticateChallengeError ? error.cause[0]?.parameters : error
  const { error: code, error_description: more } = Object(words) as Record<string, unknown>
  const said = [code, more].filter((part) => typeof part === 'string')
  const cause: unknown = error instanceof Error ? error.cause : undefined
  const inner = said.length === 0 && cause instanceof Error ? [cause.message] : said
  return forTerminal([reasonOf(error), ...inner].join(': ')).slice(0, MAX_REASON_CHARACTERS)
}
