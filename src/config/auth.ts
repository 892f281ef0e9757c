/** Who may use the API, and how much: the keys `auth` and `rate_limit` of berth.yml. */
import type { Limits, SignOn } from '../core/identity.ts'
import type { SettingsReader } from './reader.ts'
import * as value from './values.ts'

export interface Access {
  /** `none`: whoever reaches the API is an admin. */
  readonly auth: 'none' | 'tokens'
  /** An identity provider whose tokens are accepted beside our own. */
  readonly signOn: SignOn | null
  /** Requests a minute of one identity or one address; 0: any number. */
  readonly rateLimit: number
}

type Raw = Readonly<Record<string, unknown>>

const RATE_LIMIT = 1_200

const TOP = { rate_limit: { parse: value.whole(0, 1_000_000), default: undefined } } as const

const OIDC = {
  issuer: { parse: value.issuer },
  audience: { parse: value.text },
  admin_claim: { parse: value.claimValue, default: undefined },
  name_claim: { parse: value.text, default: 'sub' },
} as const

const LIMITS = {
  containers: { parse: value.whole(0, 100_000), default: undefined },
  duration: { parse: value.span, default: undefined },
  pools: { parse: value.names, default: undefined },
} as const

/** What `top`, the whole of berth.yml, says about it. null when something is wrong, which is reported then. */
export function readAccess(reader: SettingsReader, top: Raw, pools: readonly string[]): Access | null {
  const before = reader.problems.length
  const { auth, signOn } = readAuth(reader, top['auth'], pools)
  const { some } = reader.fields(top, [], TOP)
  const rateLimit = some.rate_limit ?? (auth === 'none' ? 0 : RATE_LIMIT)
  return reader.problems.length === before ? { auth, signOn, rateLimit } : null
}

function readAuth(reader: SettingsReader, inFile: unknown, pools: readonly string[]): Omit<Access, 'rateLimit'> {
  const instead = reader.override(['auth'])
  const written = instead ?? inFile ?? 'tokens'
  // BERTH_AUTH_OIDC_ISSUER says more than the `auth: none` of a file that somebody copied; BERTH_AUTH says as much.
  const oidcAlone = instead === undefined && reader.overridesBelow(['auth', 'oidc'])
  if (written === 'tokens' || (written === 'none' && oidcAlone)) {
    return { auth: 'tokens', signOn: readSignOn(reader, undefined, pools) }
  }
  if (written === 'none') return { auth: 'none', signOn: null }
  if (typeof written !== 'object' || Array.isArray(written)) {
    reader.report(['auth'], `must be none, tokens or a map with the key oidc, not ${value.show(written)}`)
    return { auth: 'tokens', signOn: null }
  }
  const raw = reader.section(written, ['auth'])
  reader.onlyKeys(raw, ['auth'], ['oidc'])
  return { auth: 'tokens', signOn: readSignOn(reader, raw['oidc'], pools) }
}

function readSignOn(reader: SettingsReader, rawOidc: unknown, pools: readonly string[]): SignOn | null {
  const path = ['auth', 'oidc']
  if (rawOidc === undefined && !reader.overridesBelow(path)) return null
  const raw = reader.section(rawOidc, path)
  reader.onlyKeys(raw, path, [...Object.keys(OIDC), 'limits'])
  const { all, some } = reader.fields(raw, path, OIDC)
  const limits = readLimits(reader, raw['limits'], [...path, 'limits'], pools)
  if (!all) return null
  const { issuer, audience, name_claim: nameClaim } = all
  return { issuer, audience, adminClaim: some.admin_claim ?? null, nameClaim, limits }
}

function readLimits(
  reader: SettingsReader,
  rawLimits: unknown,
  path: readonly string[],
  known: readonly string[],
): Limits {
  const raw = reader.section(rawLimits, path)
  reader.onlyKeys(raw, path, Object.keys(LIMITS))
  const { containers = null, duration = null, pools = null } = reader.fields(raw, path, LIMITS).some
  const unknown = (pools ?? []).filter((name) => !known.includes(name))
  if (unknown.length > 0) reader.report([...path, 'pools'], `there is no pool ${unknown.join(', ')}`)
  return { containers, durationMs: duration, pools }
}
