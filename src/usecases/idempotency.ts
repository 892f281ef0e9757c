/** Recognises a request that is sent again with the same Idempotency-Key, and answers it as before. */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { BerthError } from '../domain/errors.ts'
import type { EarlierRequest, RequestKey, ReservationWithContainers } from '../ports/store.ts'

export interface IdempotentRequest {
  readonly key: RequestKey
  /** Returns 256 bits for a generated password: the same ones for the same Idempotency-Key and salt. */
  digestOf(salt: string): Buffer
}

/**
 * Returns the key under which a request is stored, and the source of its generated password. `secret` is kept outside
 * the database, because Idempotency-Keys like "build-17" can be guessed.
 */
export function idempotentRequest(sent: string, body: unknown, secret: Uint8Array): IdempotentRequest {
  // The body may hold a password: without the secret, its hash cannot be tried out.
  const ours = createHmac('sha256', secret).update(sent).digest()
  const mac = (text: string) => createHmac('sha256', ours).update(text).digest()
  return {
    key: {
      key: createHash('sha256').update(sent).digest('hex'),
      body: mac(`body ${canonical(body)}`).toString('hex'),
      salt: `${nameOf(secret)}:${randomBytes(16).toString('hex')}`,
    },
    digestOf: (salt) => mac(`password ${salt}`),
  }
}

/** Returns a name that tells one secret from another, and nothing about it. */
function nameOf(secret: Uint8Array): string {
  return createHmac('sha256', secret).update('name').digest('hex').slice(0, 8)
}

/** JSON with sorted keys: the same request, however its client orders them. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join()}}`
}

/** Returns what became of the earlier request. `idempotency_mismatch` if the key was used for a different request. */
export function repeatedResult(key: RequestKey | null, earlier: EarlierRequest): ReservationWithContainers {
  if (key?.body === earlier.body) return earlier.result
  if (key && secretOf(key.salt) !== secretOf(earlier.salt)) {
    const lost =
      'this Idempotency-Key was used in the last 24 hours, before the secret file beside the database was replaced'
    const { id } = earlier.result.reservation
    const advice = `its password cannot be shown again; release reservation ${id}, and use a new key`
    throw new BerthError('idempotency_mismatch', `${lost}: ${advice}`)
  }
  const why = 'this Idempotency-Key was used for another request in the last 24 hours; use a new one for each request'
  throw new BerthError('idempotency_mismatch', why)
}

/** Returns the name of the secret with which the request was stored. */
function secretOf(salt: string): string {
  return salt.includes(':') ? salt.replace(/:.*/, '') : ''
}
