/** The API as it is where everybody needs a token, and tokens for it. */
import type { Limits, Role, Token } from '../../src/core/identity.ts'
import { requireToken } from '../../src/http/access/auth.ts'
import type { ServerContext } from '../../src/http/context.ts'
import type { Caller } from '../../src/http/access/identity.ts'
import { mintToken } from '../../src/http/access/token.ts'
import { type Api, type ApiOptions, openApi } from './api.ts'
import type { World } from './world.ts'

interface Held {
  readonly token: Token
  /** As its owner has it. */
  readonly text: string
  /** To send with a request. */
  readonly headers: Record<string, string>
}

export interface Guarded extends Api {
  /** Makes a token, as if it had been there before. */
  give(name: string, role?: Role, some?: { limits?: Limits; expiresAt?: number }): Promise<Held>
  /** For how long answers were kept back, in milliseconds. */
  readonly pauses: number[]
}

interface GuardedOptions extends Omit<ApiOptions, 'access'> {
  readonly rateLimit?: number
  readonly pause?: ServerContext['pause']
  readonly streaming?: ServerContext['streaming']
  readonly signOn?: (world: World) => (jwt: string) => Promise<Caller>
}

export async function openGuarded(options: GuardedOptions = {}): Promise<Guarded> {
  const { rateLimit = 0, signOn, streaming, ...rest } = options
  const pauses: number[] = []
  const pause = async (ms: number) => void pauses.push(ms)
  const api = await openApi({
    ...rest,
    access: (world) => ({
      ...{ rateLimit, pause: options.pause ?? pause, hosts: null, ...(streaming && { streaming }) },
      authenticate: requireToken({ store: world.store, clock: world.now, signOn: signOn?.(world) ?? null }),
    }),
  })
  return {
    ...{ ...api, pauses },
    async give(name, role = 'user', some = {}) {
      const limits = { containers: null, durationMs: null, pools: null }
      const { id, hash, text } = mintToken()
      const now = api.world.now()
      const token = { ...{ id, name, role, hash, limits, createdAt: now, expiresAt: null }, ...some }
      await api.world.store.addToken(token, 'test', now)
      return { token, text, headers: bearer(text) }
    },
  }
}

export function bearer(text: string): Record<string, string> {
  return { authorization: `Bearer ${text}` }
}
