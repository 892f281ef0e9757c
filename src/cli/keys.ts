/** Which SSH keys a reservation is made with. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EXIT, Failure } from './failures.ts'
import { generateKey } from './programs.ts'

export interface KeyPair {
  /** A line of authorized_keys. */
  readonly publicKey: string
  /** File of the private key; undefined when it is not beside the public one. */
  readonly identity: string | undefined
}

/** A public key file, or the private key beside it. */
export function readKey(file: string): KeyPair {
  const publicFile = resolve(file.endsWith('.pub') ? file : `${file}.pub`)
  const privateFile = publicFile.slice(0, -'.pub'.length)
  let text: string
  try {
    text = readFileSync(publicFile, 'utf8').trim()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Failure(EXIT.usage, `no public key: ${reason}`, { advice: '`ssh-keygen -t ed25519` makes a key pair' })
  }
  return { publicKey: text, identity: existsSync(privateFile) ? privateFile : undefined }
}

/** A key pair for one reservation, in this folder. */
export async function throwAwayKey(folder: string): Promise<KeyPair & { readonly identity: string }> {
  const identity = join(folder, 'id_ed25519')
  await generateKey(identity)
  return { publicKey: readFileSync(`${identity}.pub`, 'utf8').trim(), identity }
}
