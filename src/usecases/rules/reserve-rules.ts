/** What a reserve may ask for. Whether enough containers are free is checked when they are claimed. */
import { passwordProblem, usernameProblem } from '../../domain/account.ts'
import { invalidRequest, type Violation } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'
import type { Pools } from '../../domain/pools.ts'
import { reservationNameProblem } from '../../domain/text/reservation-name.ts'
import { MAX_SSH_KEYS, readSshKeys } from '../../domain/text/ssh-key.ts'
import type { Store } from '../../ports/store.ts'
import { durationViolations } from '../limits.ts'
import { type PasswordStyle, passwordStyleProblem } from '../passwords/passwords.ts'
import { poolViolations, unknownPool, type WantedTimes } from './pool-rules.ts'

interface RulesDeps {
  readonly store: Pick<Store, 'poolFacts'>
  readonly pools: Pools
}

/** Values for the account; undefined if the caller's value cannot be read. */
interface WantedAccount {
  readonly username?: string | undefined
  readonly name?: string | undefined
  readonly sshKeys?: readonly string[] | undefined
  /** null: no password. */
  readonly password?: string | null | undefined
  readonly passwordStyle?: PasswordStyle | undefined
}

/** A reserve that may be readable only in part. */
export interface WantedReserve extends WantedAccount, WantedTimes {
  /** The first pool of berth.yml if left out. */
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
  // One violation per path is enough.
  const ofToken = inPool.some(({ path }) => path === 'duration') ? [] : durationViolations(limits, wanted.durationMs)
  const { violations } = await readAccount(deps, pool?.name, wanted)
  return [...(pool ? [] : [unknownPool(deps.pools, poolName)]), ...inPool, ...ofToken, ...violations]
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
    // Entries that are not text are holes in the list; `flatMap` skips them.
    ...read.flatMap(({ problem }, index) => [{ path: `ssh_keys[${index}]`, problem }]),
    { path: 'ssh_keys', problem: lines.length > MAX_SSH_KEYS ? tooMany : null },
  ]
  return {
    lines,
    violations: checks.flatMap(({ path, problem }) => (problem === null ? [] : [{ path, message: problem }])),
  }
}
