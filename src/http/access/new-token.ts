/** A token that somebody wants, in the words of the API, checked as a whole; also for tokens that are made offline. */
import type { Static } from 'typebox'
import { Type } from '../json-schema.ts'
import { parseDuration } from '../../core/duration.ts'
import { type Fault, invalidRequest } from '../../core/errors.ts'
import { ANYONE, BERTH, type Limits, type Token } from '../../core/identity.ts'
import { mintToken } from './token.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/
const RESERVED = [ANYONE.name, BERTH]
const LONGEST_LIFE = 3_650 * 86_400_000

/** What depends on the time and the pools is checked where they are known. */
export const WantedToken = Type.Object(
  {
    name: Type.String({
      description: 'Who it is for; reservations belong to names, so a new token of a name has them',
    }),
    role: Type.Optional(Type.Enum(['admin', 'user'], { default: 'user' })),
    expires_in: Type.Optional(
      Type.String({ description: 'Like "90d". Without this and expires_at it does not expire' }),
    ),
    expires_at: Type.Optional(Type.String({ format: 'date-time' })),
    limits: Type.Optional(
      Type.Object(
        {
          containers: Type.Optional(Type.Integer({ minimum: 0, description: 'Most at once' })),
          duration: Type.Optional(Type.String({ description: 'Longest that a reservation may last, like "8h"' })),
          pools: Type.Optional(Type.Array(Type.String(), { description: 'Those that may be used; all when left out' })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)

export interface NewToken {
  readonly token: Token
  /** What its owner is shown, once. */
  readonly text: string
}

/** Not remembered yet. `invalid_request` with everything that is wrong. */
export function newToken(wanted: Static<typeof WantedToken>, pools: readonly string[], now: number): NewToken {
  const { name, role = 'user' } = wanted
  const faults: Fault[] = []
  if (!NAME.test(name)) {
    faults.push({ path: 'name', message: 'must be 1 to 63 of A-Z a-z 0-9 . _ @ -, beginning with a letter or a digit' })
  }
  if (RESERVED.includes(name)) faults.push({ path: 'name', message: `must not be ${name}, which stands for nobody` })
  const expiresAt = readExpiry(wanted, now, faults)
  const limits = readLimits(wanted.limits ?? {}, pools, faults)
  if (faults.length > 0) throw invalidRequest(faults)
  const { id, hash, text } = mintToken()
  return { token: { id, name, role, hash, createdAt: now, expiresAt, limits }, text }
}

function readExpiry(wanted: Static<typeof WantedToken>, now: number, faults: Fault[]): number | null {
  const { expires_in: span, expires_at: end } = wanted
  if (span === undefined && end === undefined) return null
  if (span !== undefined && end !== undefined) {
    faults.push({ path: 'expires_in', message: 'or expires_at may be given, and not both' })
    return null
  }
  const [path, at] = span === undefined ? ['expires_at', Date.parse(end ?? '')] : ['expires_in', now + toMs(span)]
  if (at > now && at <= now + LONGEST_LIFE) return at
  const what = path === 'expires_in' ? 'a duration like 90d, from 1s' : 'a time of RFC 3339 from now'
  faults.push({ path, message: `must be ${what} to ten years` })
  return null
}

function readLimits(
  { containers, duration, pools }: NonNullable<Static<typeof WantedToken>['limits']>,
  known: readonly string[],
  faults: Fault[],
): Limits {
  const durationMs = duration === undefined ? null : toMs(duration)
  if (durationMs !== null && !(durationMs >= 60_000)) {
    faults.push({
      path: 'limits.duration',
      message: 'must be a duration like 90m, 2h or PT1H30M, of at least 1 minute',
    })
  }
  const unknown = (pools ?? []).filter((name) => !known.includes(name))
  if (unknown.length > 0) faults.push({ path: 'limits.pools', message: `must be of: ${known.join(', ')}` })
  return { containers: containers ?? null, durationMs, pools: pools ?? null }
}

function toMs(duration: string): number {
  return parseDuration(duration) ?? Number.NaN
}
