/** Parses requests. The use case decides whether the pool allows what they ask for. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Static } from 'typebox'
import { RESERVATION_STATES, type ReservationState } from '../../domain/reservation.ts'
import { parseDuration } from '../../domain/text/duration.ts'
import type { WantedReserve } from '../../usecases/rules/reserve-rules.ts'
import type { Extend, Reserve } from './schemas.ts'
import { gotText } from '../../domain/text/got.ts'
import { invalidRequest } from '../../domain/errors.ts'

/** Shortest duration that the API takes. */
const MIN_DURATION_MS = 60_000

export type ReserveBody = Static<typeof Reserve>
export type ChangeBody = Static<typeof Extend>

/** The requested change of a reservation: its note, or its end. */
export type Change =
  | { readonly kind: 'note'; readonly note: string | null }
  | { readonly kind: 'end'; readonly until: (expiresAt: number) => number }

interface ReserveTimes {
  readonly duration?: string
  readonly keepalive?: string
  readonly wait?: string
}

/** Returns what a partly readable body asks for. Gives a duration that is left out a value that breaks no rule. */
export function readWanted(body: Partial<ReserveBody>): WantedReserve {
  const { pool, username, count, name, password, password_style: passwordStyle, ssh_keys: sshKeys } = body
  const times = readTimes(body, MIN_DURATION_MS)
  return { ...times, poolName: pool, username, count, name, password, passwordStyle, sshKeys }
}

/** Returns milliseconds, NaN for what cannot be read or is too short; `standard` is for a reserve that names none. */
export function readTimes({ duration, keepalive, wait }: ReserveTimes, standard: number) {
  return {
    durationMs: duration === undefined ? standard : atLeast(MIN_DURATION_MS, toMs(duration)),
    ...(keepalive !== undefined && { keepaliveMs: toMs(keepalive) }),
    ...(wait !== undefined && { waitMs: toMs(wait) }),
    written: {
      ...(duration !== undefined && { duration }),
      ...(keepalive !== undefined && { keepalive }),
      ...(wait !== undefined && { wait }),
    },
  }
}

function atLeast(min: number, ms: number): number {
  return ms >= min ? ms : Number.NaN
}

/** Returns milliseconds; NaN for a text that cannot be read. */
function toMs(duration: string): number {
  return parseDuration(duration) ?? Number.NaN
}

/** Returns the new note or the new end. Refuses both in one request, because one could fail after the other. */
export function readChange(body: ChangeBody): Change {
  const { extend, expires_at, note } = body
  if (note === undefined) return { kind: 'end', until: readEnd(body) }
  if (extend === undefined && expires_at === undefined) return { kind: 'note', note: note === '' ? null : note }
  const message = 'must not be combined with extend or expires_at; send it in a request of its own'
  throw invalidRequest([{ path: 'note', message }])
}

/**
 * Returns the function from the present end of a reservation to the wanted one: `{extend: "30m"}` adds to it,
 * `{expires_at}` replaces it.
 */
function readEnd(body: ChangeBody): (expiresAt: number) => number {
  const { extend, expires_at } = body
  if ((extend === undefined) === (expires_at === undefined)) {
    const none = 'is missing; give extend, expires_at or note'
    const message = extend === undefined ? none : 'must not be combined with expires_at; give one of them'
    throw invalidRequest([{ path: 'extend', message }])
  }
  if (expires_at !== undefined) {
    const end = Date.parse(expires_at)
    if (Number.isNaN(end)) {
      const message = `must be an RFC 3339 timestamp like 2026-11-24T17:00:00Z${gotText(expires_at)}`
      throw invalidRequest([{ path: 'expires_at', message }])
    }
    return () => end
  }
  const ms = readSpan('extend', extend ?? '')
  return (expiresAt) => expiresAt + ms
}

/** Does the checks of `readChange` on a body in which refused values are undefined, unless all of its values are. */
export function checkChange(body: ChangeBody): void {
  const isReadable = Object.values(body).some((value) => value !== undefined)
  const isGiven = 'extend' in body || 'expires_at' in body || 'note' in body
  if (isReadable || !isGiven) readChange(body)
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

/** Returns the filter of `state`, such as "active" or "active,waiting". */
export function readStates({ state }: { state?: string | undefined }): { states?: ReservationState[] } {
  if (state === undefined) return {}
  const states = state.split(',')
  if (states.every(isState)) return { states }
  const allowed = `one of ${RESERVATION_STATES.join(', ')}, or several with commas between them`
  throw invalidRequest([{ path: 'state', message: `must be ${allowed}${gotText(state)}` }])
}

function isState(text: string): text is ReservationState {
  return RESERVATION_STATES.some((state) => state === text)
}

/** Returns the `duration` of …/hold in milliseconds. The use case knows its maximum. */
export function readHold({ duration = '' }: { duration?: string }): number {
  return readSpan('duration', duration)
}

function readSpan(path: string, text: string): number {
  const ms = parseDuration(text)
  if (ms !== null) return ms
  throw invalidRequest([{ path, message: `must be a duration like 30m, 2h or PT1H30M${gotText(text)}` }])
}
