/** SSH keys for reservations. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isMissingFile, reasonOf } from '../../domain/errors.ts'
import { readSshKeys } from '../../domain/text/ssh-key.ts'
import { EXIT, Failure } from '../failures.ts'
import { generateKey } from './external-commands.ts'

export interface SshKeys {
  /** Lines of authorized_keys. */
  readonly publicKeys: readonly string[]
  /** File of the private key; undefined if it is not beside the public one. */
  readonly identity: string | undefined
}

/** A key pair whose private key is on this machine. */
export type KeyPair = SshKeys & { readonly identity: string }

/** Reads keys, given the file of a public key or of several, or that of the private key beside it. */
export function readKeyFile(file: string): SshKeys {
  const named = resolve(file)
  const publicFile = !named.endsWith('.pub') && existsSync(`${named}.pub`) ? `${named}.pub` : named
  let text: string
  try {
    text = readFileSync(publicFile, 'utf8')
  } catch (error) {
    const advice = '`ssh-keygen -t ed25519` creates a key pair'
    const why = isMissingFile(error) ? `${publicFile} does not exist` : `no public key: ${reasonOf(error)}`
    throw new Failure(EXIT.usage, why, { advice })
  }
  const { keys, problem } = readSshKeys(text)
  if (problem !== null) {
    const advice = 'name the file of a public key; `ssh-keygen -y -f FILE` prints that of a private one'
    throw new Failure(EXIT.usage, `${publicFile} ${problem}`, { advice })
  }
  const privateFile = publicFile.replace(/\.pub$/, '')
  const isPair = keys.length === 1 && privateFile !== publicFile && existsSync(privateFile)
  return { publicKeys: keys, identity: isPair ? privateFile : undefined }
}

/** Creates a key pair for one reservation, in this folder. */
export async function createEphemeralKey(folder: string): Promise<KeyPair> {
  const identity = join(folder, 'id_ed25519')
  await generateKey(identity)
  return { publicKeys: [readFileSync(`${identity}.pub`, 'utf8').trim()], identity }
}
