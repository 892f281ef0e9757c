/** How the API shows sessions. */
import type { Static } from 'typebox'
import type { Session } from '../../domain/identity.ts'
import { idleUntil } from '../../usecases/sessions/sessions.ts'
import type { Caller } from '../auth/identity.ts'
import { time } from '../time.ts'
import type { SessionList, SessionState } from './schemas.ts'
import type { SignIn } from './sign-in.ts'

/** `caller` and `session` are null for a browser that is not signed in. */
export function viewState(
  signIn: SignIn | null,
  caller: Caller | null,
  session: Session | null,
): Static<typeof SessionState> {
  return {
    identity: caller && { name: caller.identity.name, role: caller.identity.role },
    auth: session ? 'session' : (caller?.auth ?? null),
    ways: signIn ? (signIn.oidc ? ['token', 'oidc'] : ['token']) : [],
    provider: signIn?.oidc?.issuer ?? null,
    session: session && {
      id: session.id,
      created_at: time(session.createdAt),
      idle_until: time(idleUntil(session)),
      ends_at: time(session.endsAt),
    },
  }
}

/** `current` is the id of the session of the request. */
export function viewSession(session: Session, current: string | undefined): Static<typeof SessionList>['sessions'][0] {
  return {
    id: session.id,
    identity: session.name,
    role: session.role,
    way: session.tokenId === null ? 'oidc' : 'token',
    token: session.tokenId,
    created_at: time(session.createdAt),
    last_used_at: time(session.lastUsedAt),
    ends_at: time(session.endsAt),
    address: session.address,
    user_agent: session.userAgent,
    current: session.id === current,
  }
}
