/** The API with `auth: tokens`, and tokens for it. */
import type { Limits, Role, Token } from '../../../src/domain/identity.ts'
import { requireToken } from '../../../src/http/auth/auth.ts'
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
}

export async function openTokenApi(options: TokenApiOptions = {}): Promise<TokenApi> {
  const { pools, nodes, storeFaults, settled, signOn, ...settings } = options
  const api = await openApi({
    ...(pools && { pools }),
    ...(nodes && { nodes }),
    ...(storeFaults && { storeFaults }),
    ...(settled !== undefined && { settled }),
    access: (world) => ({
      ...settings,
      hosts: null,
      authenticate: requireToken({ store: world.store, clock: world.now, signOn: signOn?.(world) ?? null }),
    }),
  })
  return {
    ...api,
    async give(name, role = 'user', some = {}) {
      const limits = { containers: null, durationMs: null, pools: null }
      const { id, hash, text } = mintToken()
      const now = api.world.now()
      const token = { id, name, role, hash, limits, createdAt: now, expiresAt: null, ...some }
      await api.world.store.addToken(token, 'test', now)
      return { token, text, headers: bearer(text) }
    },
  }
}

export function bearer(text: string): Record<string, string> {
  return { authorization: `Bearer ${text}` }
}
