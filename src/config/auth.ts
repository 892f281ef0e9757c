/** Access to the API: the keys `auth`, `rate_limit`, `trust_proxy` and `url` of berth.yml. */
import { resolve } from 'node:path'
import type { Limits, OidcClient, SignOn } from '../domain/identity.ts'
import type { Raw, SettingsReader } from './reader.ts'
import { proxies } from './proxies.ts'
import * as value from './values.ts'

export interface Access {
  /** `none`: every caller is an admin. */
  readonly auth: 'none' | 'tokens'
  /** An identity provider whose tokens are accepted besides those of Berth. */
  readonly signOn: SignOn | null
  /** The manager as a client of that provider, for sign-ins with a browser; null: there are none. */
  readonly oidcClient: OidcClient | null
  /** Origin at which browsers reach the API, like https://berth.example.org; null: that of the header Host. */
  readonly url: string | null
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
  // BERTH_URL is the manager that the command talks to, which may be another one.
  url: { parse: value.origin, default: undefined, fileOnly: true },
} as const

const OIDC = {
  issuer: { parse: value.issuer },
  audience: { parse: value.text },
  clients: { parse: value.names, default: undefined },
  admin_claim: { parse: value.claimValue, default: undefined },
  name_claim: { parse: value.text, default: 'sub' },
  client_id: { parse: value.text, default: undefined },
  client_secret_file: { parse: value.text, default: undefined },
  scopes: { parse: value.scopes, default: 'openid profile email' },
} as const

const LIMITS = {
  containers: { parse: value.whole(0, 100_000), default: undefined },
  duration: { parse: value.span, default: undefined },
  pools: { parse: value.names, default: undefined },
} as const

/**
 * Reads `auth`, `rate_limit`, `trust_proxy` and `url` from `top`, the whole of berth.yml. Relative paths start from
 * `folder`. Reports problems, and returns null if there are any.
 */
export function readAccess(
  reader: SettingsReader,
  top: Raw,
  { pools, folder }: { readonly pools: readonly string[]; readonly folder: string },
): Access | null {
  const before = reader.problems.length
  const { auth, signOn, oidcClient } = readAuth(reader, top['auth'], pools, folder)
  const { some } = reader.fields(top, [], TOP)
  const url = some.url ?? null
  if (oidcClient && url === null && reader.problems.length === before) {
    const why = 'with auth.oidc.client_id, the identity provider sends browsers back to it'
    reader.report(['url'], `must be the URL of this manager, like https://berth.example.org; ${why}`)
  }
  const rateLimit = some.rate_limit ?? (auth === 'none' ? 0 : RATE_LIMIT)
  const trustProxy = some.trust_proxy ?? []
  return reader.problems.length === before ? { auth, signOn, oidcClient, url, rateLimit, trustProxy } : null
}

type Auth = Pick<Access, 'auth' | 'signOn' | 'oidcClient'>

function readAuth(reader: SettingsReader, inFile: unknown, pools: readonly string[], folder: string): Auth {
  const instead = reader.override(['auth'])
  const written = instead ?? inFile ?? 'tokens'
  // BERTH_AUTH_OIDC_ISSUER overrides the `auth: none` of a copied file. BERTH_AUTH overrides both.
  const oidcAlone = instead === undefined && reader.overridesBelow(['auth', 'oidc'])
  if (written === 'tokens' || (written === 'none' && oidcAlone)) {
    return { auth: 'tokens', ...readOidc(reader, undefined, pools, folder) }
  }
  if (written === 'none') return { auth: 'none', signOn: null, oidcClient: null }
  if (typeof written !== 'object' || Array.isArray(written)) {
    reader.report(['auth'], `must be none, tokens or a map with the key oidc, not ${value.show(written)}`)
    return { auth: 'tokens', signOn: null, oidcClient: null }
  }
  const { raw } = reader.map(written, ['auth'], {}, ['oidc'])
  return { auth: 'tokens', ...readOidc(reader, raw['oidc'], pools, folder) }
}

function readOidc(
  reader: SettingsReader,
  rawOidc: unknown,
  pools: readonly string[],
  folder: string,
): Pick<Access, 'signOn' | 'oidcClient'> {
  const path = ['auth', 'oidc']
  if (rawOidc === undefined && !reader.overridesBelow(path)) return { signOn: null, oidcClient: null }
  const { raw, all, some } = reader.map(rawOidc, path, OIDC, ['limits'])
  const limits = readLimits(reader, raw['limits'], [...path, 'limits'], pools)
  if (!all) return { signOn: null, oidcClient: null }
  const { issuer, audience, name_claim: nameClaim, client_id: id, client_secret_file: file, scopes } = all
  if (file !== undefined && id === undefined) {
    reader.report([...path, 'client_secret_file'], 'requires client_id, the client that the secret belongs to')
  }
  const clients = some.clients ?? null
  return {
    signOn: { issuer, audience, clients, adminClaim: some.admin_claim ?? null, nameClaim, limits },
    oidcClient: id === undefined ? null : { id, secretFile: file === undefined ? null : resolve(folder, file), scopes },
  }
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
