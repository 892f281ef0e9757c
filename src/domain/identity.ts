/** Callers of the API, and their limits. */

export type Role = 'admin' | 'user'

/** null: no limit beside those of the pools. */
export interface Limits {
  /** Maximum number of containers at once, over all reservations, waiting ones included. */
  readonly containers: number | null
  /** Maximum duration of a reservation, milliseconds. */
  readonly durationMs: number | null
  /** Names of the pools that may be used. */
  readonly pools: readonly string[] | null
}

/** Reservations are owned by name: a new token of the same name keeps what was reserved with the old one. */
export interface Identity {
  readonly name: string
  readonly role: Role
  readonly limits: Limits
}

/** An API token. Only the hash of its secret is stored. Times are epoch milliseconds. */
export interface Token extends Identity {
  readonly id: string
  /** SHA-256 of the secret, hex: enough for a random secret. */
  readonly hash: string
  readonly createdAt: number
  /** null: it does not expire. */
  readonly expiresAt: number | null
  /** To the minute; null: never used. */
  readonly lastUsedAt: number | null
}

/** A sign-in of a person in a browser. Only the hash of its secret is stored. Times are epoch milliseconds. */
export interface Session extends Identity {
  readonly id: string
  /** SHA-256 of the secret, hex. */
  readonly hash: string
  /** Id of the API token that it was opened with; deleted with the token. null: opened at the identity provider. */
  readonly tokenId: string | null
  /** Issuer of the identity provider; null: opened with a token. */
  readonly issuer: string | null
  readonly createdAt: number
  readonly lastUsedAt: number
  /** Its latest end. */
  readonly endsAt: number
  /** Client address of the sign-in, for its owner to recognise. */
  readonly address: string
  readonly userAgent: string
}

export const UNLIMITED: Limits = { containers: null, durationMs: null, pools: null }

/** How a caller was authenticated, without the secret. Suffices to check later whether it would be accepted again. */
export interface Credential {
  /** `oidc`: a token of the identity provider. `none`: without authentication. */
  readonly kind: 'none' | 'token' | 'session' | 'oidc'
  /** Id of the API token or of the session; null for other kinds. */
  readonly id: string | null
  /** Epoch milliseconds; null: never. */
  readonly expiresAt: number | null
}

/** Every caller under `auth: none`. */
export const ANONYMOUS: Identity = { name: 'anyone', role: 'admin', limits: UNLIMITED }

/** Begins the names of owners from an identity provider. No name of an API token contains it. */
export const OIDC_PREFIX = 'oidc:'

/** The name under which the manager itself acts, in events. */
export const BERTH = 'berth'

/** Whether the caller may know that it exists. */
export function maySee(by: Identity, { owner }: { readonly owner: string }): boolean {
  return by.role === 'admin' || by.name === owner
}

/** Users of an identity provider, recognised by the tokens that it issues (OpenID Connect). */
export interface SignOn {
  /** Exactly as the provider names itself. */
  readonly issuer: string
  /** Audience that a token must have been issued for. */
  readonly audience: string
  /** Clients of the provider whose tokens are accepted (claim azp or client_id); null: every token for the audience. */
  readonly clients: readonly string[] | null
  /** A user with this value in this claim is an admin; null: no user of the provider is. */
  readonly adminClaim: { readonly name: string; readonly value: string } | null
  /** The claim that names a user permanently. */
  readonly nameClaim: string
  /** Limits of users of the provider who are not admins. */
  readonly limits: Limits
}

/** The manager as a client of the identity provider of `SignOn`. */
export interface OidcClient {
  /** Its `client_id`. */
  readonly id: string
  /** Absolute path of the file with the client's secret; null: a public client. */
  readonly secretFile: string | null
  /** Requested scopes, including `openid`. */
  readonly scopes: readonly string[]
}

/** Returns the filter that narrows a list to what the caller may know of. */
export function ownOnly(by: Identity): { readonly owner?: string } {
  return by.role === 'admin' ? {} : { owner: by.name }
}
