/**
 * State of a sign-in until the identity provider sends the browser back. It is kept in an encrypted cookie, so that any
 * manager of the database can finish the sign-in, and unauthenticated requests write no rows.
 */
import { hkdfSync } from 'node:crypto'
import { EncryptJWT, jwtDecrypt } from 'jose'
import type { Clock } from '../../../ports/clock.ts'
import { SIGN_IN_LIFE_MS } from '../sign-in.ts'

export interface SignInState {
  /** The provider sends it back. */
  readonly state: string
  /** The provider puts it into the ID token. */
  readonly nonce: string
  /** Proves that the code was issued for this sign-in (PKCE). */
  readonly verifier: string
  readonly returnTo: string
}

export interface StateSeal {
  seal(state: SignInState): Promise<string>
  /** Returns null for text that is not from `seal`, or has expired. */
  open(text: string): Promise<SignInState | null>
}

const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' } as const
const PURPOSE = 'berth sign-in at the identity provider'

/** `secret` is the one that the managers of a database share. */
export function createStateSeal(secret: Uint8Array, clock: Clock): StateSeal {
  const key = new Uint8Array(hkdfSync('sha256', secret, '', PURPOSE, 32))
  return {
    seal: ({ state, nonce, verifier, returnTo }) =>
      new EncryptJWT({ state, nonce, verifier, returnTo })
        .setProtectedHeader(ENCRYPTION)
        .setExpirationTime(Math.floor((clock() + SIGN_IN_LIFE_MS) / 1_000))
        .encrypt(key),

    async open(text) {
      try {
        const { payload } = await jwtDecrypt<SignInState>(text, key, {
          currentDate: new Date(clock()),
          keyManagementAlgorithms: [ENCRYPTION.alg],
          contentEncryptionAlgorithms: [ENCRYPTION.enc],
          requiredClaims: ['exp', 'state', 'nonce', 'verifier', 'returnTo'],
        })
        return payload
      } catch {
        return null
      }
    },
  }
}
