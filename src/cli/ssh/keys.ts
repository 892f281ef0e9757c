/** SSH keys for reservations. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { reasonOf } from '../../domain/errors.ts'
import { EXIT, Failure } from '../failures.ts'
import { generateKey } from './external-commands.ts'

export interface KeyPair {
  /** A line of authorized_keys. */
  readonly publicKey: string
  /** File of the private key; undefined if it is not beside the public one. */
  readonly identity: string | undefined
}

/** Reads a key pair, given the file of its public or private key. */
export function readKey(file: string): KeyPair {
  const publicFile = resolve(file.endsWith('.pub') ? file : `${file}.pub`)
  const privateFile = publicFile.slice(0, -'.pub'.length)
  let text: string
  try {
    text = readFileSync(publicFile, 'utf8').trim()
  } catch (error) {
    const advice = '`ssh-keygen -t ed25519` creates a key pair'
    throw new Failure(EXIT.usage, `no public key: ${reasonOf(error)}`, { advice })
  }
  return { publicKey: text, identity: existsSync(privateFile) ? privateFile : undefined }
}

/** Creates a key pair for one reservation, in this folder. */
export async function createEphemeralKey(folder: string): Promise<KeyPair & { readonly identity: string }> {
  const identity = join(folder, 'id_ed25519')
  await generateKey(identity)
  return { publicKey: readFileSync(`${identity}.pub`, 'utf8').trim(), identity }
}
