/** How the API shows tokens; `berth token --offline` prints the same. */
import type { Static } from 'typebox'
import type { Limits, Token } from '../../domain/identity.ts'
import type { NewToken } from '../../usecases/token-rules.ts'
import { optionalTime, time } from '../time.ts'
import type { MadeToken, Me, TokenView } from './schemas.ts'

export function viewToken({
  id,
  name,
  role,
  createdAt,
  expiresAt,
  lastUsedAt,
  limits,
}: Token): Static<typeof TokenView> {
  return {
    id,
    name,
    role,
    limits: viewLimits(limits),
    created_at: time(createdAt),
    expires_at: optionalTime(expiresAt),
    last_used_at: optionalTime(lastUsedAt),
  }
}

/** With the token itself, which is shown only once. */
export function viewNewToken({ token, text }: NewToken): Static<typeof MadeToken> {
  return { ...viewToken(token), token: text }
}

export function viewLimits({ containers, durationMs, pools }: Limits): Static<typeof Me>['limits'] {
  return { containers, duration_seconds: durationMs === null ? null : durationMs / 1_000, pools: pools && [...pools] }
}
