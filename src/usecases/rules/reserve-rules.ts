/** What a reserve may ask for, apart from what other reservations leave. */
import { passwordProblem, usernameProblem } from '../../domain/account.ts'
import { hasCode, invalidRequest, type Violation } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'
import type { Pools } from '../../domain/pools.ts'
import { reservationNameProblem } from '../../domain/text/reservation-name.ts'
import { MAX_SSH_KEYS, readSshKeys } from '../../domain/text/ssh-key.ts'
import type { Store } from '../../ports/store.ts'
import { durationViolations } from '../limits.ts'
import { type PasswordStyle, passwordStyleProblem } from '../passwords/passwords.ts'
import { choosePool, poolViolations, type WantedTimes } from './pool-rules.ts'

interface RulesDeps {
  readonly store: Pick<Store, 'poolFacts'>
  readonly pools: Pools
}

/** What the account is made of; absent where the caller's value cannot be judged. */
interface WantedAccount {
  readonly username?: string | undefined
  readonly name?: string | undefined
  readonly sshKeys?: readonly string[] | undefined
  /** null: none. */
  readonly password?: string | null | undefined
  readonly passwordStyle?: PasswordStyle | undefined
}

/** A reserve as far as it could be read. */
export interface WantedReserve extends WantedAccount, WantedTimes {
  /** The first pool of berth.yml when left out. */
  readonly poolName?: string | undefined
  readonly count?: number | undefined
}

/** Returns every violation of the rules for a reserve, also when its pool does not exist. */
export async function reserveViolations(
  deps: RulesDeps,
  wanted: WantedReserve,
  { limits }: Identity,
): Promise<Violation[]> {
  const { poolName, count = 1 } = wanted
  const pool = poolName === undefined ? deps.pools.all()[0] : deps.pools.named(poolName)
  const inPool = poolViolations(pool, { ...wanted, count })
  // What no pool allows is beyond the limit of the token, too.
  const ofToken = inPool.some(({ path }) => path === 'duration') ? [] : durationViolations(limits, wanted.durationMs)
  const { violations } = await readAccount(deps, pool?.name, wanted)
  return [...(pool ? [] : unknownPool(deps.pools, poolName)), ...inPool, ...ofToken, ...violations]
}

function unknownPool(pools: Pools, name: string | undefined): readonly Violation[] {
  try {
    choosePool(pools, name)
    return []
  } catch (error) {
    if (hasCode(error, 'invalid_request')) return error.violations
    throw error
  }
}

/** Returns the SSH keys of an account as lines. `invalid_request` with every violation. */
export async function assertAccount(deps: RulesDeps, pool: string, wanted: WantedAccount): Promise<string[]> {
  const { lines, violations } = await readAccount(deps, pool, wanted)
  if (violations.length > 0) throw invalidRequest(violations)
  return lines
}

async function readAccount(
  { store, pools }: RulesDeps,
  pool: string | undefined,
  wanted: WantedAccount,
): Promise<{ lines: string[]; violations: Violation[] }> {
  const { username, name, password, sshKeys = [] } = wanted
  const poolNames = pools.all().map((each) => each.name)
  const facts = pool === undefined ? undefined : (await store.poolFacts()).get(pool)
  const read = sshKeys.map(readSshKeys)
  const lines = [...new Set(read.flatMap(({ keys }) => keys))]
  const tooMany = `must contain at most ${MAX_SSH_KEYS} keys in all, got ${lines.length}`
  const checks = [
    { path: 'username', problem: username === undefined ? null : usernameProblem(username, facts?.names ?? []) },
    { path: 'name', problem: name === undefined ? null : reservationNameProblem(name, poolNames) },
    { path: 'password', problem: typeof password === 'string' ? passwordProblem(password) : null },
    { path: 'password_style', problem: passwordStyleProblem(wanted) },
    // The list may have holes, where entries were no texts; `flatMap` leaves them out.
    ...read.flatMap(({ problem }, index) => [{ path: `ssh_keys[${index}]`, problem }]),
    { path: 'ssh_keys', problem: lines.length > MAX_SSH_KEYS ? tooMany : null },
  ]
  return {
    lines,
    violations: checks.flatMap(({ path, problem }) => (problem === null ? [] : [{ path, message: problem }])),
  }
}
