/** Certificates and keys of a kubeconfig, which contains them in base64 or names their files. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { reasonOf } from '../../../../domain/errors.ts'
import type { Fields } from './fields.ts'

const FIRST_LINE = {
  CERTIFICATE: /^-----BEGIN CERTIFICATE-----\s*$/m,
  'PRIVATE KEY': /^-----BEGIN (?:RSA |EC )?PRIVATE KEY-----\s*$/m,
}

export class PemReader {
  readonly #fields: Fields
  readonly #folder: string

  /** Paths are relative to the folder. */
  constructor(fields: Fields, folder: string) {
    this.#fields = fields
    this.#folder = folder
  }

  /** Returns NAME-data, or the contents of the file NAME; null if there is neither, or after reporting a problem. */
  async read(name: string, kind: keyof typeof FIRST_LINE): Promise<string | null> {
    const data = this.#fields.text(`${name}-data`)
    const file = this.#fields.text(name)
    const field = data === null ? name : `${name}-data`
    if (data === null && file === null) return null
    const text = data === null ? await this.#readFile(name, file ?? '') : Buffer.from(data, 'base64').toString('latin1')
    if (text === null) return null
    if (FIRST_LINE[kind].test(text)) return text
    const article = kind === 'CERTIFICATE' ? 'a certificate' : 'a private key without a passphrase'
    this.#fields.problem(field, `must be ${article} in PEM${data === null ? '' : ', encoded in base64'}`)
    return null
  }

  async #readFile(name: string, file: string): Promise<string | null> {
    try {
      return await readFile(resolve(this.#folder, file), 'utf8')
    } catch (error) {
      this.#fields.problem(name, `cannot be read: ${reasonOf(error)}`)
      return null
    }
  }
}
