/** Sessions of browsers: opened by a sign-in, found by the secret in the cookie, ended by their owner or an admin. */
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Store } from '../../ports/store.ts'
import { BerthError } from '../../domain/errors.ts'
import { type Identity, maySee, type Session, type SignOn, type Token, UNLIMITED } from '../../domain/identity.ts'
import { forTerminal } from '../../domain/text/foreign-text.ts'
import { isSecretOf, mintSession, readSession } from '../token-secret.ts'
import { createUseRecord } from './use-record.ts'

const MINUTE_MS = 60_000
/** A session ends after this time without use. */
export const IDLE_MS = 12 * 60 * MINUTE_MS
/** Maximum life of a session, used or not. */
const LIFE_MS = 7 * 24 * 60 * MINUTE_MS
/** Maximum number of sessions of one token, or of one person at the identity provider. A class may share a token. */
export const MAX_SESSIONS = 100
/** Browsers send up to 300 characters; the rest would only fill the table. */
const MAX_USER_AGENT_CHARACTERS = 300

/** What signed in: an API token, or a user of the identity provider. */
export type SignedIn =
  | { readonly way: 'token'; readonly token: Token }
  | { readonly way: 'oidc'; readonly identity: Identity; readonly issuer: string }

/** Client that signs in. */
interface SignInSource {
  readonly address: string
  readonly userAgent: string
}

export interface Sessions {
  /**
   * Opens a session, and ends the least recently used one if there are more than `MAX_SESSIONS`. Returns the new one
   * with the value of its cookie. `unauthorized` if its token was deleted meanwhile.
   */
  open(by: SignedIn, from: SignInSource): Promise<{ readonly session: Session; readonly text: string }>
  /**
   * Returns the session of a cookie. `unauthorized` once it has ended. Unless `isUse` is false, this counts as a use of
   * the session.
   */
  find(text: string, isUse?: boolean): Promise<Session>
  /** Records a use of the session with this id. Returns false once the session has ended. */
  use(id: string): Promise<boolean>
  /** Returns the sessions that have not ended, newest first: all for admins, their own for other callers. */
  list(by: Identity): Promise<Session[]>
  /** Ends a session that the caller may see. Returns it, or null if there is none. */
  end(id: string, by: Identity): Promise<Session | null>
}

interface SessionsDeps {
  readonly store: Pick<Store, 'session' | 'sessions' | 'addSession' | 'useSession' | 'removeSession'>
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
  /** Returns the identity provider in use; null without one. */
  readonly signOn: () => Pick<SignOn, 'issuer' | 'limits'> | null
}

/** Returns when the session ends if it is not used again; epoch milliseconds. */
export function idleUntil({ lastUsedAt, endsAt }: Session): number {
  return Math.min(lastUsedAt + IDLE_MS, endsAt)
}

export function createSessions({ store, clock, log, signOn }: SessionsDeps): Sessions {
  /** Returns the session with its current limits, or null if it has ended. */
  function current(session: Session): Session | null {
    if (idleUntil(session) <= clock()) return null
    // The token of a session never changes, and its sessions are deleted with it.
    if (session.tokenId !== null) return session
    const provider = signOn()
    if (provider?.issuer !== session.issuer) return null
    return { ...session, limits: session.role === 'admin' ? UNLIMITED : provider.limits }
  }

  const recordUse = createUseRecord({ kind: 'session', clock, log, write: (id, now) => store.useSession(id, now) })

  return {
    async open(by, { address, userAgent }) {
      const now = clock()
      const { id, hash, text } = mintSession()
      const { name, role, limits } = by.way === 'token' ? by.token : by.identity
      const expiresAt = by.way === 'token' ? by.token.expiresAt : null
      const session: Session = {
        ...{ id, hash, name, role, limits },
        tokenId: by.way === 'token' ? by.token.id : null,
        issuer: by.way === 'oidc' ? by.issuer : null,
        createdAt: now,
        lastUsedAt: now,
        endsAt: Math.min(now + LIFE_MS, expiresAt ?? Infinity),
        address,
        userAgent: forTerminal(userAgent).slice(0, MAX_USER_AGENT_CHARACTERS),
      }
      if (!(await store.addSession(session, MAX_SESSIONS)))
        throw new BerthError('unauthorized', 'this API token was just deleted')
      return { session, text }
    },

    async find(text, isUse = true) {
      const read = readSession(text)
      const found = read && (await store.session(read.id))
      const session = found && isSecretOf(read.secret, found.hash) ? current(found) : null
      if (!session) throw new BerthError('unauthorized', 'this session has ended; sign in again at /ui/sign-in')
      if (isUse) await recordUse(session)
      return session
    },

    async use(id) {
      const found = await store.session(id)
      const session = found && current(found)
      if (session) await recordUse(session)
      return session !== null
    },

    async list(by) {
      const rows = await store.sessions(by.role === 'admin' ? null : by.name)
      return rows.flatMap((session) => current(session) ?? [])
    },

    async end(id, by) {
      const session = await store.session(id)
      if (!session || !maySee(by, { owner: session.name }) || !(await store.removeSession(id))) return null
      return session
    },
  }
}
