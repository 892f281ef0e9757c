/** API tokens: lists, makes and deletes them, for the API and for `berth token --offline`. */
import type { Clock } from '../ports/clock.ts'
import type { Violation } from '../domain/errors.ts'
import { BERTH, type Token } from '../domain/identity.ts'
import type { Store } from '../ports/store.ts'
import { type NewToken, newToken, type TokenRequest, tokenViolations } from './token-rules.ts'

type TokenStore = Pick<Store, 'tokens' | 'addToken' | 'removeToken'>

export interface Tokens {
  /** Oldest first. */
  list(): Promise<Token[]>
  /** Makes and stores a token. `invalid_request` with every violation. */
  create(request: TokenRequest, by: string): Promise<NewToken>
  /** Returns every violation of a request that may be readable only in part. Makes nothing. */
  violations(request: Partial<TokenRequest>): readonly Violation[]
  /** Deletes the token, which is refused from then on. Returns false if it does not exist. */
  remove(id: string, by: string): Promise<boolean>
  /**
   * Creates an admin token if no admin has a valid one. `hasOtherAdmins`: an identity provider names admins, too; then
   * only if there is no token at all. Returns the token, or null.
   */
  createFirstAdmin(options?: { readonly hasOtherAdmins?: boolean }): Promise<string | null>
}

interface TokensContext {
  /** Names that the limits of a token may use. */
  readonly poolNames: () => readonly string[]
  readonly clock: Clock
  /** Runs one verb on the store. The offline command opens the database only for that. */
  readonly withStore: <T>(use: (store: TokenStore) => Promise<T>) => Promise<T>
}

export function createTokens({ poolNames, clock, withStore }: TokensContext): Tokens {
  const isValid = ({ expiresAt }: Token) => expiresAt === null || expiresAt > clock()
  return {
    list: () => withStore((store) => store.tokens()),

    async create(request, by) {
      const made = newToken(request, poolNames(), clock())
      await withStore((store) => store.addToken(made.token, by, clock()))
      return made
    },

    violations: (request) => tokenViolations(request, poolNames(), clock()),

    remove: (id, by) => withStore((store) => store.removeToken(id, by, clock())),

    createFirstAdmin: ({ hasOtherAdmins = false } = {}) =>
      withStore(async (store) => {
        const tokens = await store.tokens()
        const hasAdmin = tokens.some((token) => token.role === 'admin' && isValid(token))
        if (hasOtherAdmins ? tokens.length > 0 : hasAdmin) return null
        const { token, text } = newToken({ name: 'admin', role: 'admin' }, [], clock())
        await store.addToken(token, BERTH, clock())
        return text
      }),
  }
}
