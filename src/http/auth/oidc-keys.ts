/** Fetches the keys of an identity provider from where it publishes them, when they are needed, and keeps them. */
import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../ports/clock.ts'
import { BerthError, reasonOf } from '../../domain/errors.ts'
import { isSecureUrl } from '../../domain/text/loopback.ts'
import type { Log } from '../../ports/log.ts'

/** Deadline of one request. */
const DEADLINE_MS = 5_000
/**
 * The URL of the keys is discovered again after this time. If the provider does not answer then, the old URL is kept.
 */
const URL_KEPT_MS = 3_600_000

export interface KeysOptions {
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
  /** Shortest time between fetches that an unknown key causes; milliseconds. */
  readonly cooldown: number
}

interface Known {
  readonly url: string
  readonly keys: JWTVerifyGetKey
  readonly until: number
}

/**
 * Returns a function that finds the key of a token. `sign_on_unavailable` when the provider must be asked and cannot
 * be.
 */
export function keysOf(issuer: string, { clock, log, cooldown }: KeysOptions): JWTVerifyGetKey {
  let known: Known | null = null
  let asking: Promise<Known> | null = null

  async function discover(): Promise<Known> {
    const url = await discoverKeysUrl(issuer)
    const options = { timeoutDuration: DEADLINE_MS, cooldownDuration: cooldown }
    const keys = known?.url === url ? known.keys : createRemoteJWKSet(new URL(url), options)
    return { url, keys, until: clock() + URL_KEPT_MS }
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
      known = { ...known, until: clock() + URL_KEPT_MS }
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

/** True when the provider answered and the token is invalid, or several keys may have signed it. */
function saysNo(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  )
}

/** Returns the jwks_uri of the provider's metadata (OpenID Connect Discovery). */
async function discoverKeysUrl(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(DEADLINE_MS) })
  if (response.status !== 200) throw new Error(`${url} was answered with status ${response.status}`)
  const found = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown } | null
  if (found?.issuer !== issuer) {
    const named = JSON.stringify(found?.issuer)
    throw new Error(`${url} names the issuer ${named}; auth.oidc.issuer must equal it exactly, got "${issuer}"`)
  }
  if (typeof found.jwks_uri !== 'string' || !URL.canParse(found.jwks_uri)) throw new Error(`${url} names no jwks_uri`)
  // An attacker who answers in its place could sign anything: the same rule as for the issuer.
  if (!isSecureUrl(found.jwks_uri)) throw new Error(`${url} names a jwks_uri that is neither HTTPS nor on this machine`)
  return found.jwks_uri
}

/** The message of fetch says only that it failed; its cause says why. */
function reasonWithCause(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  return cause === undefined ? reasonOf(error) : `${reasonOf(error)}: ${reasonOf(cause)}`
}
