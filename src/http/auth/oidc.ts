/** Verifies the signed tokens (JSON Web Tokens) of an identity provider, and reads the identity from them. */
import {
  decodeJwt,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose'
import { BerthError } from '../../domain/errors.ts'
import { type Identity, type Limits, type SignOn, OIDC_PREFIX, UNLIMITED } from '../../domain/identity.ts'
import type { Caller } from './identity.ts'
import { type KeysOptions, keysOf } from './oidc-keys.ts'

/** Asymmetric signatures only: no caller can make them with what the provider publishes. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]
/** Difference allowed between the provider's clock and ours. */
const TOLERANCE_S = 30
/** Accepted types of tokens (header typ, RFC 8725 3.11): ID tokens, access tokens (RFC 9068). */
const TOKEN_TYPES: readonly string[] = ['jwt', 'at+jwt']
/** The end of the year 9999: later times cannot be written in RFC 3339. */
const LATEST_S = 253_402_300_799
/** Shortest time between fetches of the keys for tokens that name an unknown key. */
const COOLDOWN_MS = 10_000

type Options = Omit<KeysOptions, 'cooldown'> & {
  readonly cooldown?: number
  /** Returns the limits in use, which a reload may change; those of `signOn` by default. */
  readonly limits?: () => Limits
}

/**
 * Returns a function that verifies a token. It throws `unauthorized`, or `sign_on_unavailable` when the keys cannot be
 * fetched.
 */
export function openSignOn(signOn: SignOn, options: Options): (jwt: string) => Promise<Caller> {
  const { issuer, audience } = signOn
  const { limits = () => signOn.limits } = options
  const keys = keysOf(issuer, { cooldown: COOLDOWN_MS, ...options })

  return async (jwt) => {
    try {
      // First, so that a foreign token causes no request to the provider.
      if (decodeJwt(jwt).iss !== issuer) throw refused(`its issuer is not ${issuer}`)
      const { payload, protectedHeader } = await verify(jwt, keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp'],
        clockTolerance: TOLERANCE_S,
        currentDate: new Date(options.clock()),
      })
      refuseOtherTokenTypes(payload, protectedHeader.typ)
      refuseInvalidTimes(payload)
      refuseOtherClients(payload, signOn)
      // Such a token needs a proof of possession beside it, which is not checked here.
      if (payload['cnf'] !== undefined) throw refused('it is bound to a key of its owner, which is not supported')
      return {
        identity: identityFrom(payload, { ...signOn, limits: limits() }),
        auth: 'oidc',
        expiresAt: (payload.exp ?? 0) * 1_000,
      }
    } catch (error) {
      throw error instanceof errors.JOSEError ? refused(reasonFor(error, signOn)) : error
    }
  }
}

/** Tries each key that may have signed a token that does not name its key. */
async function verify(jwt: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(jwt, keys, options)
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      const one = await jwtVerify(jwt, key, options).catch((refusal: unknown) => {
        if (refusal instanceof errors.JWSSignatureVerificationFailed) return null
        throw refusal
      })
      if (one) return one
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

/** Refuses other signed tokens: security events, logout tokens (OpenID Connect Back-Channel Logout). */
function refuseOtherTokenTypes(payload: JWTPayload, typ: unknown = 'JWT'): void {
  const type = String(typ)
    .toLowerCase()
    .replace(/^application\//, '')
  if (typeof typ !== 'string' || !TOKEN_TYPES.includes(type)) {
    throw refused('its type (typ) is not that of an ID or access token')
  }
  if (payload['events'] !== undefined) throw refused('it is a security event token, not an ID or access token')
}

/** Refuses claims that are numbers but not times, like 1e300: jose only compares them. */
function refuseInvalidTimes(payload: JWTPayload): void {
  for (const claim of ['exp', 'nbf', 'iat'] as const) {
    const time = payload[claim]
    if (time === undefined) continue
    const isTime = typeof time === 'number' && time >= 0 && time <= LATEST_S
    if (!isTime) throw refused(`its claim ${claim} is not a time`)
  }
}

/**
 * Refuses tokens of other clients, by azp, or client_id in RFC 9068. The client of an access token differs from the
 * audience, so any client is accepted unless berth.yml names them. A token for several audiences must name its client
 * (OpenID Connect 3.1.3.7).
 */
function refuseOtherClients(payload: JWTPayload, { audience, clients }: SignOn): void {
  const client = payload['azp'] ?? payload['client_id']
  if (client === undefined && clients === null && [payload.aud].flat().length === 1) return
  if (typeof client !== 'string' || client === '') throw refused('it does not name its client (claim azp or client_id)')
  if (clients !== null && client !== audience && !clients.includes(client)) {
    throw refused('it was made for a client that auth.oidc.clients does not name')
  }
}

function identityFrom(payload: JWTPayload, { nameClaim, adminClaim, limits }: SignOn): Identity {
  const name = claimOf(payload, nameClaim)
  if (typeof name !== 'string' || !/^[^\p{C}]{1,255}$/u.test(name))
    throw refused(`its claim ${nameClaim} is not a name`)
  const isAdmin = adminClaim !== null && valuesOf(payload, adminClaim.name).includes(adminClaim.value)
  // With the prefix, no name equals that of an API token.
  return { name: `${OIDC_PREFIX}${name}`, role: isAdmin ? 'admin' : 'user', limits: isAdmin ? UNLIMITED : limits }
}

/** Finds a claim by its name, or by a path such as realm_access.roles. */
function claimOf(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path]
  return path.split('.').reduce<unknown>((inner, step) => {
    return typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[step] : undefined
  }, payload)
}

function valuesOf(payload: JWTPayload, path: string): string[] {
  const claim = claimOf(payload, path)
  // RFC 8693: these claims are lists in one string, separated by spaces.
  if (typeof claim === 'string' && (path === 'scope' || path === 'scp')) return claim.split(' ')
  return (Array.isArray(claim) ? claim : [claim]).flatMap((value) => {
    return ['string', 'number', 'boolean'].includes(typeof value) ? [String(value)] : []
  })
}

function refused(why: string): BerthError {
  return new BerthError(
    'unauthorized',
    `this token cannot be used: ${why}; sign on again, or ask the operator of this manager`,
  )
}

/** Never uses the library's message, which may quote the token. */
function reasonFor(error: errors.JOSEError, { audience }: SignOn): string {
  if (error instanceof errors.JWTExpired) return 'it has expired'
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
    return 'its signature algorithm is not accepted'
  if (error instanceof errors.JWKSNoMatchingKey) return 'its provider does not publish the key that signed it'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong'
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'it is not a signed JSON Web Token'
  if (error.claim === 'aud') return `it was not made for ${audience}`
  if (error.claim === 'nbf') return 'it is not valid yet'
  return `its claim ${error.claim} is missing or wrong`
}
