/** Parses requests. The use case decides whether the pool allows what they ask for. */
import type { IncomingHttpHeaders } from 'node:http'
import { parseDuration } from '../../domain/text/duration.ts'
import { invalidRequest } from '../../domain/errors.ts'

/** Shortest duration that the API takes. */
const MIN_DURATION_MS = 60_000

interface ReserveTimes {
  readonly duration?: string
  readonly keepalive?: string
  readonly wait?: string
}

/** Returns milliseconds, NaN for what cannot be read or is too short; `standard` is the pool's default duration. */
export function readTimes({ duration, keepalive, wait }: ReserveTimes, standard: number) {
  return {
    durationMs: duration === undefined ? standard : atLeast(MIN_DURATION_MS, toMs(duration)),
    ...(keepalive !== undefined && { keepaliveMs: toMs(keepalive) }),
    ...(wait !== undefined && { waitMs: toMs(wait) }),
  }
}

function atLeast(min: number, ms: number): number {
  return ms >= min ? ms : Number.NaN
}

/** Returns milliseconds; NaN for a text that cannot be read. */
export function toMs(duration: string): number {
  return parseDuration(duration) ?? Number.NaN
}

/**
 * Returns the function from the present end of a reservation to the wanted one: `{extend: "30m"}` adds to it,
 * `{expires_at}` replaces it.
 */
export function readEnd(body: { extend?: string; expires_at?: string }): (expiresAt: number) => number {
  const { extend, expires_at } = body
  if ((extend === undefined) === (expires_at === undefined)) {
    throw invalidRequest([{ path: 'extend', message: 'must be given if, and only if, expires_at is not' }])
  }
  if (expires_at !== undefined) {
    const end = Date.parse(expires_at)
    if (Number.isNaN(end)) throw invalidRequest([{ path: 'expires_at', message: 'must be a valid RFC 3339 timestamp' }])
    return () => end
  }
  const ms = parseDuration(extend ?? '')
  if (ms === null) throw invalidRequest([{ path: 'extend', message: 'must be a duration like 30m, 2h or PT1H30M' }])
  return (expiresAt) => expiresAt + ms
}

/**
 * Returns the Idempotency-Key, or null without one. `invalid_request` unless it is 1 to 255 visible ASCII characters.
 */
export function readIdempotencyKey(headers: IncomingHttpHeaders): string | null {
  const sent = headers['idempotency-key']
  if (sent === undefined) return null
  if (typeof sent === 'string' && /^[\x21-\x7e]{1,255}$/.test(sent)) return sent
  throw invalidRequest([{ path: 'Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters, like a UUID' }])
}
