/** Tokens without a server: the first one, and those that are made on the machine itself. */
import { parseArgs } from 'node:util'
import type { Config } from './config.ts'
import type { Clock } from './core/clock.ts'
import { BerthError, reasonOf } from './core/errors.ts'
import { BERTH } from './core/identity.ts'
import type { Store } from './core/store.ts'
import { type NewToken, newToken } from './http/new-token.ts'
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
  const store = await openSqlite(config.database)
  try {
    await store.addToken(made.token, BERTH, clock())
  } finally {
    await store.close()
  }
  return made
}

/** `token create --name alice [--admin] [--expires-in 90d] [--containers 5] [--duration 8h] [--pool alpine]…` */
export async function tokenCommand(config: Config, args: readonly string[], clock: Clock): Promise<void> {
  const { token, text } = await createToken(config, readArguments(args), clock)
  // The token alone on stdout: TOKEN=$(… token create …) has it.
  process.stderr.write(`A token for ${token.name} (${token.role}), shown only now:\n`)
  process.stdout.write(`${text}\n`)
}

function readArguments([verb, ...args]: readonly string[]): WantedToken {
  const text = { type: 'string' } as const
  const options = {
    name: text,
    admin: { type: 'boolean' },
    'expires-in': text,
    containers: text,
    duration: text,
    pool: { type: 'string', multiple: true },
  } as const
  try {
    if (verb !== 'create') throw new Error(`there is no "token ${verb ?? ''}"`)
    const { values } = parseArgs({ args, options })
    if (values.name === undefined) throw new Error('--name is missing')
    const { name, admin = false, 'expires-in': span, containers, duration, pool: pools } = values
    if (containers !== undefined && !/^\d{1,6}$/.test(containers))
      throw new Error('--containers must be a whole number')
    const limits = {
      ...(containers !== undefined && { containers: Number(containers) }),
      ...(duration !== undefined && { duration }),
      ...(pools && { pools }),
    }
    return { name, role: admin ? 'admin' : 'user', limits, ...(span !== undefined && { expires_in: span }) }
  } catch (error) {
    const usage =
      'token create --name NAME [--admin] [--expires-in 90d] [--containers 5] [--duration 8h] [--pool NAME]…'
    throw new BerthError('invalid_request', `${reasonOf(error)}; it is: ${usage}`, { cause: error })
  }
}
