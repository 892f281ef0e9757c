/** Creates and verifies API tokens, `berth_<id>_<secret>`, and the secrets of sessions. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const TOKEN = /^berth_([0-9a-f]{12})_([0-9a-f]{64})$/
const SESSION = /^([0-9a-f]{12})_([0-9a-f]{64})$/

interface Secret {
  readonly id: string
  readonly secret: string
}

export interface MintedToken {
  readonly id: string
  /** All that is kept of its secret. */
  readonly hash: string
  /** What its owner is shown, once. */
  readonly text: string
}

export function mintToken(): MintedToken {
  const { id, secret, hash } = mint()
  return { id, hash, text: `berth_${id}_${secret}` }
}

/** Returns the secret of a new session; its text is the value of the cookie. */
export function mintSession(): MintedToken {
  const { id, secret, hash } = mint()
  return { id, hash, text: `${id}_${secret}` }
}

function mint(): Secret & { readonly hash: string } {
  const id = randomBytes(6).toString('hex')
  const secret = randomBytes(32).toString('hex')
  return { id, secret, hash: digest(secret).toString('hex') }
}

/** Parses a token; returns null if it does not have the format of `mintToken`. */
export function readToken(text: string): Secret | null {
  return read(TOKEN, text)
}

/** Parses the value of a session's cookie; returns null if it does not have the format of `mintSession`. */
export function readSession(text: string): Secret | null {
  return read(SESSION, text)
}

function read(shape: RegExp, text: string): Secret | null {
  const [, id, secret] = shape.exec(text) ?? []
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
