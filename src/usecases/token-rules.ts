/** Rules for new API tokens. */
import { parseDuration } from '../domain/text/duration.ts'
import { gotText } from '../domain/text/got.ts'
import { type Violation, invalidRequest } from '../domain/errors.ts'
import { ANONYMOUS, BERTH, type Limits, type Role, type Token } from '../domain/identity.ts'
import { mintToken } from './token-secret.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/
const RESERVED = [ANONYMOUS.name, BERTH]
const MAX_LIFE_MS = 3_650 * 86_400_000
const MIN_DURATION_MS = 60_000

/** A wanted token, in the words of the API: durations like "90d", times in RFC 3339. */
export interface TokenRequest {
  readonly name: string
  readonly role?: Role
  readonly expires_in?: string
  readonly expires_at?: string
  readonly limits?: {
    readonly containers?: number
    readonly duration?: string
    readonly pools?: readonly string[]
  }
}

export interface NewToken {
  readonly token: Token
  /** The whole token, shown to its owner once. */
  readonly text: string
}

/**
 * Makes a token, which is not stored yet. `invalid_request` with every violation; `pools` are the names that limits
 * may use.
 */
export function newToken(request: TokenRequest, pools: readonly string[], now: number): NewToken {
  const { name, role = 'user' } = request
  const { expiresAt, limits, violations } = readRequest(request, pools, now)
  if (violations.length > 0) throw invalidRequest(violations)
  const { id, hash, text } = mintToken()
  return { token: { id, name, role, hash, createdAt: now, expiresAt, lastUsedAt: null, limits }, text }
}

/** Returns every violation of a request that may be readable only in part. */
export function tokenViolations(
  request: Partial<TokenRequest>,
  pools: readonly string[],
  now: number,
): readonly Violation[] {
  return readRequest(request, pools, now).violations
}

function readRequest(request: Partial<TokenRequest>, pools: readonly string[], now: number) {
  const { name } = request
  const violations: Violation[] = []
  if (name !== undefined && !NAME.test(name)) {
    violations.push({
      path: 'name',
      message: `must be 1 to 63 of A-Z a-z 0-9 . _ @ -, and start with a letter or a digit${gotText(name)}`,
    })
  }
  if (name !== undefined && RESERVED.includes(name))
    violations.push({ path: 'name', message: `must not be ${name}, which is reserved` })
  const expiresAt = readExpiry(request, now, violations)
  const limits = readLimits(request.limits ?? {}, pools, violations)
  return { expiresAt, limits, violations }
}

function readExpiry(request: Partial<TokenRequest>, now: number, violations: Violation[]): number | null {
  const { expires_in: span, expires_at: end } = request
  if (span === undefined && end === undefined) return null
  if (span !== undefined && end !== undefined) {
    violations.push({ path: 'expires_in', message: 'must not be combined with expires_at' })
    return null
  }
  const [path, at] = span === undefined ? ['expires_at', Date.parse(end ?? '')] : ['expires_in', now + toMs(span)]
  if (at > now && at <= now + MAX_LIFE_MS) return at
  const what = path === 'expires_in' ? 'a duration like 90d, from 1s to' : 'an RFC 3339 timestamp within the next'
  violations.push({ path, message: `must be ${what} ten years${gotText(span ?? end)}` })
  return null
}

function readLimits(
  { containers, duration, pools }: NonNullable<TokenRequest['limits']>,
  known: readonly string[],
  violations: Violation[],
): Limits {
  const durationMs = duration === undefined ? null : toMs(duration)
  if (durationMs !== null && !(durationMs >= MIN_DURATION_MS)) {
    violations.push({
      path: 'limits.duration',
      message: `must be a duration like 90m, 2h or PT1H30M, at least 1 minute${gotText(duration)}`,
    })
  }
  const unknown = (pools ?? []).filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    const message = `must be among: ${known.join(', ')}${gotText(unknown.join(', '))}`
    violations.push({ path: 'limits.pools', message })
  }
  return { containers: containers ?? null, durationMs, pools: pools ?? null }
}

function toMs(duration: string): number {
  return parseDuration(duration) ?? Number.NaN
}
