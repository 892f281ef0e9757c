/** The keys of an identity provider: where it says that they are, fetched when they are needed, and remembered. */
import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../core/clock.ts'
import { BerthError, reasonOf } from '../../core/errors.ts'
import type { Log } from '../../core/ports.ts'

/** For one question, in milliseconds. */
const DEADLINE = 5_000
/** Where the keys are is asked again after this time; if nobody answers then, the old place will do. */
const PLACE_GOOD_FOR = 3_600_000

export interface KeysOptions {
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
  /** A key that is not there makes them be fetched again, at most once in this time; milliseconds. */
  readonly cooldown: number
}

interface Known {
  readonly place: string
  readonly keys: JWTVerifyGetKey
  readonly until: number
}

/** The key that a token names. `sign_on_unavailable` when the provider has to be asked, and cannot be. */
export function keysOf(issuer: string, { clock, log, cooldown }: KeysOptions): JWTVerifyGetKey {
  let known: Known | null = null
  let asking: Promise<Known> | null = null

  async function discover(): Promise<Known> {
    const place = await placeOfKeys(issuer)
    const options = { timeoutDuration: DEADLINE, cooldownDuration: cooldown }
    const keys = known?.place === place ? known.keys : createRemoteJWKSet(new URL(place), options)
    return { place, keys, until: clock() + PLACE_GOOD_FOR }
  }

  async function current(): Promise<Known> {
    if (known && clock() < known.until) return known
    asking ??= discover().finally(() => {
      asking = null
    })
    try {
      known = await asking
    } catch (error) {
      if (!known) throw error
      known = { ...known, until: clock() + PLACE_GOOD_FOR }
    }
    return known
  }

  return async (header, token) => {
    try {
      const { keys } = await current()
      return await keys(header, token)
    } catch (error) {
      if (saysNo(error)) throw error
      log.warn('the identity provider cannot be asked', { issuer, reason: reasonWithCause(error) })
      const message = `the identity provider ${issuer} cannot be asked for its keys; the log of the manager says why`
      throw new BerthError('sign_on_unavailable', message, { cause: error })
    }
  }
}

/** It was asked, and the token is no good; or several keys may have signed it. */
function saysNo(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  )
}

/** From the provider's description of itself (OpenID Connect Discovery). */
async function placeOfKeys(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(DEADLINE) })
  if (response.status !== 200) throw new Error(`${url} was answered with status ${response.status}`)
  const found = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown } | null
  if (found?.issuer !== issuer) {
    throw new Error(`${url} is of ${JSON.stringify(found?.issuer)}: auth.oidc.issuer must be that, to the letter`)
  }
  if (typeof found.jwks_uri !== 'string' || !URL.canParse(found.jwks_uri)) throw new Error(`${url} names no jwks_uri`)
  return found.jwks_uri
}

/** fetch says only that it failed; its cause says why. */
function reasonWithCause(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  return cause === undefined ? reasonOf(error) : `${reasonOf(error)}: ${reasonOf(cause)}`
}
