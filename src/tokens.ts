/** Tokens without a server: the first one, and those that are made on the machine itself. */
import type { Config } from './config.ts'
import type { Clock } from './core/clock.ts'
import { BerthError } from './core/errors.ts'
import { BERTH } from './core/identity.ts'
import type { Store } from './core/store.ts'
import { type NewToken, newToken } from './http/access/new-token.ts'
import { viewToken } from './http/access/token-views.ts'
import { openSqlite } from './store/sqlite.ts'

type WantedToken = Parameters<typeof newToken>[0]

/** An admin's token, when there is no token at all; what its owner is to be shown, or null. */
export async function firstToken(store: Store, clock: Clock): Promise<string | null> {
  if ((await store.tokens()).length > 0) return null
  const { token, text } = newToken({ name: 'admin', role: 'admin' }, [], clock())
  await store.addToken(token, BERTH, clock())
  return text
}

/** For whoever may write the database, whether a manager serves or not. `invalid_request` with everything that is wrong. */
export async function createToken(config: Config, wanted: WantedToken, clock: Clock): Promise<NewToken> {
  const pools = config.pools.map((pool) => pool.name)
  const made = newToken(wanted, pools, clock())
  await onDatabase(config, (store) => store.addToken(made.token, BERTH, clock()))
  return made
}

/** The verbs of `/v1/tokens` on the database itself, answered in the same words. */
export function offlineTokens(config: Config, clock: Clock) {
  return {
    list: () => onDatabase(config, async (store) => (await store.tokens()).map(viewToken)),
    async create(wanted: WantedToken) {
      const { token, text } = await createToken(config, wanted, clock)
      return { ...viewToken(token), token: text }
    },
    remove: (id: string) =>
      onDatabase(config, async (store) => {
        if (await store.removeToken(id, BERTH, clock())) return
        throw new BerthError('not_found', `there is no token ${id} in ${config.database}`)
      }),
  }
}

async function onDatabase<T>({ database }: Config, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openSqlite(database)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}
