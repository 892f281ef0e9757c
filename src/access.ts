/** Opens the access to the API that berth.yml describes: tokens, an identity provider, sessions of browsers. */
import { readClientSecret } from './config/client-secret.ts'
import type { LiveConfig } from './config/live-config.ts'
import { UNLIMITED } from './domain/identity.ts'
import { allowAnonymous, requireToken } from './http/auth/auth.ts'
import { createIsStillValid, type IsStillValid } from './http/auth/credential.ts'
import type { Authenticate } from './http/auth/identity.ts'
import type { OidcSignIn, SignIn } from './http/sessions/sign-in.ts'
import type { Clock } from './ports/clock.ts'
import type { Log } from './ports/log.ts'
import type { Store } from './ports/store.ts'
import { createSessions } from './usecases/sessions/sessions.ts'
import { createTokenCheck } from './usecases/sessions/token-check.ts'

interface AccessDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** Secret that the managers of the database share. */
  readonly secret: Uint8Array
}

interface Access {
  readonly authenticate: Authenticate
  readonly isStillValid: IsStillValid
  /** null with `auth: none`. */
  readonly signIn: SignIn | null
}

/** Throws `invalid_config` if the client's secret for the identity provider cannot be read. */
export async function openAccess(live: LiveConfig, { store, clock, log, secret }: AccessDeps): Promise<Access> {
  const { auth, signOn, oidcClient: client } = live.current
  const limits = () => live.current.signOn?.limits ?? UNLIMITED
  const sessions = createSessions({ store, clock, log, signOn: () => live.current.signOn })
  const isStillValid = createIsStillValid({ store, sessions, clock })
  if (auth === 'none') return { authenticate: allowAnonymous(), isStillValid, signIn: null }
  const checkToken = createTokenCheck({ store, clock, log })
  const url = () => live.current.url

  async function openOidc(): Promise<OidcSignIn | null> {
    if (!signOn || !client) return null
    const clientSecret = client.secretFile === null ? null : readClientSecret(client.secretFile)
    const { openOidcSignIn } = await import('./http/sessions/oidc/sign-in.ts')
    // A reload that removes `url` is refused while there is a client.
    const address = () => live.current.url ?? ''
    return openOidcSignIn({ signOn, client, clientSecret, limits, url: address, secret, clock, log })
  }

  // Loaded only if there is a provider, because it delays the start.
  const verify = signOn && (await import('./http/auth/oidc.ts')).openSignOn(signOn, { clock, log, limits })
  const authenticate = requireToken({ checkToken, signOn: verify, sessions, url })
  return { authenticate, isStillValid, signIn: { sessions, checkToken, oidc: await openOidc() } }
}
