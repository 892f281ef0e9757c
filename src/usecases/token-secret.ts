/** Creates and verifies API tokens, `berth_<id>_<secret>`. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const SHAPE = /^berth_([0-9a-f]{12})_([0-9a-f]{64})$/

export interface MintedToken {
  readonly id: string
  /** All that is kept of its secret. */
  readonly hash: string
  /** What its owner is shown, once. */
  readonly text: string
}

export function mintToken(): MintedToken {
  const id = randomBytes(6).toString('hex')
  const secret = randomBytes(32).toString('hex')
  return { id, hash: digest(secret).toString('hex'), text: `berth_${id}_${secret}` }
}

/** Parses a token; returns null if it does not have the format of `mintToken`. */
export function readToken(text: string): { readonly id: string; readonly secret: string } | null {
  const [, id, secret] = SHAPE.exec(text) ?? []
  return id === undefined || secret === undefined ? null : { id, secret }
}

/** Returns whether the secret matches the hash, in constant time. */
export function isSecretOf(secret: string, hash: string): boolean {
  return timingSafeEqual(digest(secret), Buffer.from(hash, 'hex'))
}

/**
 * Returns the SHA-256. A secret of 256 random bits cannot be guessed, so a slow hash would only slow requests down.
 */
function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
