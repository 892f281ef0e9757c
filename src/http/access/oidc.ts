/** People of an identity provider: its signed tokens (JSON Web Tokens) are checked here, and say who somebody is. */
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose'
import { BerthError } from '../../core/errors.ts'
import { type Identity, type SignOn, UNLIMITED } from '../../core/identity.ts'
import type { Caller } from './identity.ts'
import { type KeysOptions, keysOf } from './oidc-keys.ts'

/** Signatures that nobody can make with what the provider publishes. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]
/** By how much the provider's clock may differ from ours, in seconds. */
const TOLERANCE = 30
/** How often the keys are asked for because of tokens that name an unknown one, in milliseconds. */
const COOLDOWN = 10_000

type Options = Omit<KeysOptions, 'cooldown'> & { readonly cooldown?: number }

/** Takes a token. `unauthorized`; `sign_on_unavailable` when the provider cannot be asked for its keys. */
export function openSignOn(signOn: SignOn, options: Options): (jwt: string) => Promise<Caller> {
  const { issuer, audience } = signOn
  const keys = keysOf(issuer, { cooldown: COOLDOWN, ...options })

  return async (jwt) => {
    try {
      // First of all, so that the provider is not asked because of what is not its own.
      if (decodeJwt(jwt).iss !== issuer) throw refused(`it is not of ${issuer}`)
      const payload = await verify(jwt, keys, {
        ...{ issuer, audience, algorithms: ALGORITHMS, requiredClaims: ['exp'] },
        ...{ clockTolerance: TOLERANCE, currentDate: new Date(options.clock()) },
      })
      // It asks for a proof beside it that it was not stolen, and we would not look at that.
      if (payload['cnf'] !== undefined) throw refused('it is bound to a key of its owner, which is not supported')
      return { identity: identityFrom(payload, signOn), auth: 'oidc', expiresAt: (payload.exp ?? 0) * 1_000 }
    } catch (error) {
      throw error instanceof errors.JOSEError ? refused(reasonFor(error, signOn)) : error
    }
  }
}

/** A token that does not name its key is tried with each that may have signed it. */
async function verify(jwt: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(jwt, keys, options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      const one = await jwtVerify(jwt, key, options).catch((refusal: unknown) => {
        if (refusal instanceof errors.JWSSignatureVerificationFailed) return null
        throw refusal
      })
      if (one) return one.payload
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

function identityFrom(payload: JWTPayload, { nameClaim, adminClaim, limits }: SignOn): Identity {
  const name = claimOf(payload, nameClaim)
  if (typeof name !== 'string' || !/^[^\p{C}]{1,255}$/u.test(name)) throw refused(`its claim ${nameClaim} names nobody`)
  const isAdmin = adminClaim !== null && valuesOf(payload, adminClaim.name).includes(adminClaim.value)
  // With a prefix, nobody can be called what one of our own tokens is called.
  return { name: `oidc:${name}`, role: isAdmin ? 'admin' : 'user', limits: isAdmin ? UNLIMITED : limits }
}

/** By its name, or by a path such as realm_access.roles. */
function claimOf(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path]
  return path.split('.').reduce<unknown>((inner, step) => {
    return typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[step] : undefined
  }, payload)
}

function valuesOf(payload: JWTPayload, path: string): string[] {
  const claim = claimOf(payload, path)
  // RFC 8693: these are lists, written as one text.
  if (typeof claim === 'string' && (path === 'scope' || path === 'scp')) return claim.split(' ')
  return (Array.isArray(claim) ? claim : [claim]).flatMap((value) => {
    return ['string', 'number', 'boolean'].includes(typeof value) ? [String(value)] : []
  })
}

function refused(why: string): BerthError {
  return new BerthError(
    'unauthorized',
    `this token cannot be used: ${why}; sign on again, or ask whoever runs this manager`,
  )
}

/** Never in the library's own words, which may quote the token. */
function reasonFor(error: errors.JOSEError, { audience }: SignOn): string {
  if (error instanceof errors.JWTExpired) return 'it has expired'
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
    return 'the way in which it is signed is not accepted'
  if (error instanceof errors.JWKSNoMatchingKey) return 'its provider does not publish the key that signed it'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong'
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'it is not a signed JSON Web Token'
  if (error.claim === 'aud') return `it was not made for ${audience}`
  if (error.claim === 'nbf') return 'it is not valid yet'
  return `its claim ${error.claim} is missing or wrong`
}
