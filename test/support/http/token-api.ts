/** The API with `auth: tokens`, and tokens for it. */
import type { Limits, Role, SignOn, Token } from '../../../src/domain/identity.ts'
import { requireToken } from '../../../src/http/auth/auth.ts'
import { createIsStillValid } from '../../../src/http/auth/credential.ts'
import type { OidcSignIn } from '../../../src/http/sessions/sign-in.ts'
import { createSessions } from '../../../src/usecases/sessions/sessions.ts'
import { createTokenCheck } from '../../../src/usecases/sessions/token-check.ts'
import type { ServerContext, ServerSettings } from '../../../src/http/context.ts'
import type { Caller } from '../../../src/http/auth/identity.ts'
import { mintToken } from '../../../src/usecases/token-secret.ts'
import { type Api, type ApiOptions, openApi } from '../../../lab/api.ts'
import type { World } from '../../../lab/world.ts'

interface Held {
  readonly token: Token
  /** As its owner has it. */
  readonly text: string
  /** To send with a request. */
  readonly headers: Record<string, string>
}

export interface TokenApi extends Api {
  /** Makes a token, as if it had been there before. */
  give(name: string, role?: Role, some?: { limits?: Limits; expiresAt?: number }): Promise<Held>
}

type Settings = Pick<ServerContext, 'dashboard' | 'streaming' | 'trustProxy' | 'requestLevel' | 'log'> &
  Pick<ServerSettings, 'rateLimit'>

interface TokenApiOptions extends Omit<ApiOptions, 'access'>, Partial<Settings> {
  readonly signOn?: (world: World) => (jwt: string) => Promise<Caller>
  /** `url` of berth.yml. */
  readonly url?: string
  /** The identity provider of sessions. */
  readonly provider?: () => Pick<SignOn, 'issuer' | 'limits'> | null
  readonly oidc?: (world: World) => OidcSignIn
}

export async function openTokenApi(options: TokenApiOptions = {}): Promise<TokenApi> {
  const { pools, nodes, storeFaults, settled, signOn, url = null, provider, oidc, ...settings } = options
  const api = await openApi({
    ...(pools && { pools }),
    ...(nodes && { nodes }),
    ...(storeFaults && { storeFaults }),
    ...(settled !== undefined && { settled }),
    access: (world) => ({
      ...settings,
      ...accessTo(world, { signOn: signOn?.(world) ?? null, url, provider, oidc: oidc?.(world) ?? null }),
      hosts: null,
      url,
    }),
  })
  return {
    ...api,
    async give(name, role = 'user', some = {}) {
      const limits = { containers: null, durationMs: null, pools: null }
      const { id, hash, text } = mintToken()
      const now = api.world.now()
      const token = { id, name, role, hash, limits, createdAt: now, expiresAt: null, lastUsedAt: null, ...some }
      await api.world.store.addToken(token, 'test', now)
      return { token, text, headers: bearer(text) }
    },
  }
}

/** How callers authenticate and sign in. */
export function accessTo(
  { store, now: clock, logged }: Pick<World, 'store' | 'now' | 'logged'>,
  some: {
    readonly signOn?: ((jwt: string) => Promise<Caller>) | null
    readonly url?: string | null
    readonly provider?: (() => Pick<SignOn, 'issuer' | 'limits'> | null) | undefined
    readonly oidc?: OidcSignIn | null
  } = {},
): Pick<ServerContext, 'authenticate' | 'isStillValid' | 'signIn'> {
  const { signOn = null, url = null, provider = () => null, oidc = null } = some
  const log = { warn: (message: string) => void logged.push(message) }
  const sessions = createSessions({ store, clock, log, signOn: provider })
  const checkToken = createTokenCheck({ store, clock, log })
  const authenticate = requireToken({ checkToken, signOn, sessions, url: () => url })
  return {
    authenticate,
    isStillValid: createIsStillValid({ store, sessions, clock }),
    signIn: { sessions, checkToken, oidc },
  }
}

export function bearer(text: string): Record<string, string> {
  return { authorization: `Bearer ${text}` }
}
