/** The SSH host key of a container in the forms in which it is compared, recorded and shown. */
import { createHash } from 'node:crypto'
import { isHostKey } from '../domain/text/foreign-text.ts'
import type { Guest } from '../ports/accounts.ts'

/** Reads an ed25519 key in base64. A tenant may have replaced it, so a key of another form is only compared. */
export function hostKeyOf(base64: string): Pick<Guest, 'hostKey' | 'hostPublicKey'> {
  const digest = createHash('sha256').update(Buffer.from(base64, 'base64')).digest('base64')
  const line = `ssh-ed25519 ${base64}`
  return { hostKey: `SHA256:${digest.replace(/=+$/, '')}`, hostPublicKey: isHostKey(line) ? line : null }
}
