/** The part of the store that keeps sessions of browsers. */
import type { Session } from '../../domain/identity.ts'

export interface SessionStore {
  /** Newest first, those that have ended too; of one name or of all. */
  sessions(name: string | null): Promise<Session[]>
  session(id: string): Promise<Session | null>
  /** Returns false when its token has been deleted: then there is no session. */
  addSession(session: Session): Promise<boolean>
  /** Records that it was used at this time, unless a later use is recorded. */
  useSession(id: string, now: number): Promise<void>
  /** Returns false when there is no such session. */
  removeSession(id: string): Promise<boolean>
  /** Deletes up to `most` sessions that ended before `now` or were last used before `idleSince`. Returns how many. */
  pruneSessions(now: number, idleSince: number, most: number): Promise<number>
}
