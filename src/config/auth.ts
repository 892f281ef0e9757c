/** Access to the API: the keys `auth`, `rate_limit` and `trust_proxy` of berth.yml. */
import type { Limits, SignOn } from '../domain/identity.ts'
import type { Raw, SettingsReader } from './reader.ts'
import { proxies } from './proxies.ts'
import * as value from './values.ts'

export interface Access {
  /** `none`: every caller is an admin. */
  readonly auth: 'none' | 'tokens'
  /** An identity provider whose tokens are accepted besides those of Berth. */
  readonly signOn: SignOn | null
  /** Maximum requests per minute of one identity or address; 0: no limit. */
  readonly rateLimit: number
  /** Proxies whose X-Forwarded-For is trusted: addresses, networks, or "loopback". */
  readonly trustProxy: readonly string[]
}

/** Default of `rate_limit`, in requests per minute. */
const RATE_LIMIT = 1_200

const TOP = {
  rate_limit: { parse: value.whole(0, 1_000_000), default: undefined },
  trust_proxy: { parse: proxies, default: undefined },
} as const

const OIDC = {
  issuer: { parse: value.issuer },
  audience: { parse: value.text },
  clients: { parse: value.names, default: undefined },
  admin_claim: { parse: value.claimValue, default: undefined },
  name_claim: { parse: value.text, default: 'sub' },
} as const

const LIMITS = {
  containers: { parse: value.whole(0, 100_000), default: undefined },
  duration: { parse: value.span, default: undefined },
  pools: { parse: value.names, default: undefined },
} as const

/**
 * Reads `auth`, `rate_limit` and `trust_proxy` from `top`, the whole of berth.yml. Reports problems, and returns null
 * if there are any.
 */
export function readAccess(reader: SettingsReader, top: Raw, pools: readonly string[]): Access | null {
  const before = reader.problems.length
  const { auth, signOn } = readAuth(reader, top['auth'], pools)
  const { some } = reader.fields(top, [], TOP)
  const rateLimit = some.rate_limit ?? (auth === 'none' ? 0 : RATE_LIMIT)
  const trustProxy = some.trust_proxy ?? []
  return reader.problems.length === before ? { auth, signOn, rateLimit, trustProxy } : null
}

function readAuth(reader: SettingsReader, inFile: unknown, pools: readonly string[]): Pick<Access, 'auth' | 'signOn'> {
  const instead = reader.override(['auth'])
  const written = instead ?? inFile ?? 'tokens'
  // BERTH_AUTH_OIDC_ISSUER overrides the `auth: none` of a copied file. BERTH_AUTH overrides both.
  const oidcAlone = instead === undefined && reader.overridesBelow(['auth', 'oidc'])
  if (written === 'tokens' || (written === 'none' && oidcAlone)) {
    return { auth: 'tokens', signOn: readSignOn(reader, undefined, pools) }
  }
  if (written === 'none') return { auth: 'none', signOn: null }
  if (typeof written !== 'object' || Array.isArray(written)) {
    reader.report(['auth'], `must be none, tokens or a map with the key oidc, not ${value.show(written)}`)
    return { auth: 'tokens', signOn: null }
  }
  const { raw } = reader.map(written, ['auth'], {}, ['oidc'])
  return { auth: 'tokens', signOn: readSignOn(reader, raw['oidc'], pools) }
}

function readSignOn(reader: SettingsReader, rawOidc: unknown, pools: readonly string[]): SignOn | null {
  const path = ['auth', 'oidc']
  if (rawOidc === undefined && !reader.overridesBelow(path)) return null
  const { raw, all, some } = reader.map(rawOidc, path, OIDC, ['limits'])
  const limits = readLimits(reader, raw['limits'], [...path, 'limits'], pools)
  if (!all) return null
  const { issuer, audience, name_claim: nameClaim } = all
  return { issuer, audience, clients: some.clients ?? null, adminClaim: some.admin_claim ?? null, nameClaim, limits }
}

function readLimits(
  reader: SettingsReader,
  rawLimits: unknown,
  path: readonly string[],
  known: readonly string[],
): Limits {
  const { containers = null, duration = null, pools = null } = reader.map(rawLimits, path, LIMITS).some
  const unknown = (pools ?? []).filter((name) => !known.includes(name))
  if (unknown.length > 0) reader.report([...path, 'pools'], `there is no pool ${unknown.join(', ')}`)
  return { containers, durationMs: duration, pools }
}
