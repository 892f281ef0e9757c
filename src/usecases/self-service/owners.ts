/** What owners of reservations may do, for requests that come from inside a container. */
import type { Clock } from '../../ports/clock.ts'
import { type Identity, type Limits, OIDC_PREFIX, UNLIMITED } from '../../domain/identity.ts'
import type { Store } from '../../ports/store.ts'

export interface Owners {
  /**
   * Returns what the owner of a reservation may do with it now; null if the owner no longer has access to the API.
   * Never an admin: a tenant acts on one reservation.
   */
  identityOf(owner: string): Promise<Identity | null>
}

interface OwnersContext {
  readonly store: Pick<Store, 'tokens'>
  readonly clock: Clock
  /** `none`: every caller may do anything. */
  readonly auth: 'none' | 'tokens'
  /** Returns the limits of users of the identity provider who are not admins; null if there is no provider. */
  readonly signOnLimits: () => Limits | null
}

export function createOwners({ store, clock, auth, signOnLimits }: OwnersContext): Owners {
  async function limitsOf(owner: string): Promise<Limits | null> {
    if (auth === 'none') return UNLIMITED
    // Whether a user of the provider is an admin is known only from a token of that user.
    if (owner.startsWith(OIDC_PREFIX)) return signOnLimits()
    const now = clock()
    const valid = (await store.tokens()).filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
    return valid.findLast(({ name }) => name === owner)?.limits ?? null
  }

  return {
    async identityOf(owner) {
      const limits = await limitsOf(owner)
      return limits && { name: owner, role: 'user', limits }
    },
  }
}
