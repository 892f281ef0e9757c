/** The verbs of `/v1/tokens` on the database of berth.yml, whether a manager serves it or not. */
import type { Config } from './config/config.ts'
import type { Clock } from './ports/clock.ts'
import { BerthError } from './domain/errors.ts'
import { BERTH } from './domain/identity.ts'
import type { Store } from './ports/store.ts'
import { databaseOf } from './store/open-store.ts'
import type { TokenRequest } from './usecases/token-rules.ts'
import { createTokens } from './usecases/tokens.ts'
import { viewNewToken, viewToken } from './http/tokens/views.ts'

export function offlineTokens(config: Config, clock: Clock) {
  const database = databaseOf(config)
  const withStore = async <T>(use: (store: Store) => Promise<T>): Promise<T> => {
    const store = await database.open()
    try {
      return await use(store)
    } finally {
      await store.close()
    }
  }
  const tokens = createTokens({ poolNames: () => config.pools.map(({ name }) => name), clock, withStore })
  return {
    list: async () => (await tokens.list()).map(viewToken),
    create: async (request: TokenRequest) => viewNewToken(await tokens.create(request, BERTH)),
    async remove(id: string) {
      if (await tokens.remove(id, BERTH)) return
      throw new BerthError('not_found', `there is no token ${id} in ${database.name}`)
    },
  }
}
