/** Who asks, and how much of everything they may have. */

export type Role = 'admin' | 'user'

/** null: as much as the pools allow. */
export interface Limits {
  /** Most containers at once, over all reservations, those that still wait included. */
  readonly containers: number | null
  /** Longest that a reservation may last, milliseconds. */
  readonly durationMs: number | null
  /** Names of the pools that may be used. */
  readonly pools: readonly string[] | null
}

/** Everything is owned by name: whoever gets a new token of the same name keeps what was reserved with the old one. */
export interface Identity {
  readonly name: string
  readonly role: Role
  readonly limits: Limits
}

/** An API token. Of its secret only the hash is known. Times are epoch milliseconds. */
export interface Token extends Identity {
  readonly id: string
  /** SHA-256 of the secret, hex: the secret is random enough not to need more. */
  readonly hash: string
  readonly createdAt: number
  /** null: it does not expire. */
  readonly expiresAt: number | null
}

export const UNLIMITED: Limits = { containers: null, durationMs: null, pools: null }

/** Everybody, where no tokens are asked for. */
export const ANYONE: Identity = { name: 'anyone', role: 'admin', limits: UNLIMITED }

/** The name under which the manager itself acts, in events. */
export const BERTH = 'berth'

/** Whether it exists for them at all. */
export function maySee(by: Identity, { owner }: { readonly owner: string }): boolean {
  return by.role === 'admin' || by.name === owner
}

/** How the people of an identity provider are recognised by the tokens that it gives them (OpenID Connect). */
export interface SignOn {
  /** As the provider calls itself, to the letter. */
  readonly issuer: string
  /** For whom a token must have been made to be good here. */
  readonly audience: string
  /** Who has this value in this claim is an admin; null: nobody who comes that way. */
  readonly adminClaim: { readonly name: string; readonly value: string } | null
  /** The claim that names a person for good. */
  readonly nameClaim: string
  /** Of everybody who comes that way and is no admin. */
  readonly limits: Limits
}

/** Narrows a list to what exists for them. */
export function ownOnly(by: Identity): { readonly owner?: string } {
  return by.role === 'admin' ? {} : { owner: by.name }
}
