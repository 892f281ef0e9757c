/** The part of the store that keeps sessions of browsers. */
import type { Session } from '../../domain/identity.ts'

export interface SessionStore {
  /** Returns sessions of this name, newest first, including ended ones. null: sessions of all names. */
  sessions(name: string | null): Promise<Session[]>
  session(id: string): Promise<Session | null>
  /**
   * Returns false, and adds no session, if its token has been deleted. Keeps at most `most` sessions of the same token,
   * or of the same person at the identity provider: deletes the least recently used ones.
   */
  addSession(session: Session, most: number): Promise<boolean>
  /** Records a use at this time, unless a later one is recorded. */
  useSession(id: string, now: number): Promise<void>
  /** Returns false when there is no such session. */
  removeSession(id: string): Promise<boolean>
  /** Deletes up to `most` sessions that ended before `now` or were last used before `idleSince`. Returns how many. */
  pruneSessions(now: number, idleSince: number, most: number): Promise<number>
}
