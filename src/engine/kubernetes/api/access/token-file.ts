/** A token in a file, such as that of a service account. Kubernetes replaces it before it expires. */
import { readFile } from 'node:fs/promises'
import { BerthError, reasonOf } from '../../../../domain/errors.ts'
import type { Credentials, Identity } from './cluster.ts'

/** A token is read again after this time. Kubernetes replaces tokens when a fifth of their life remains: minutes. */
const REREAD_MS = 10_000

export class TokenFile implements Credentials {
  readonly #file: string
  #known: { readonly identity: Identity; readonly readAt: number } | null = null
  #isRefused = false

  constructor(file: string) {
    this.#file = file
  }

  async identity(): Promise<Identity> {
    const known = this.#known
    if (known !== null && !this.#isRefused && performance.now() - known.readAt < REREAD_MS) return known.identity
    try {
      const identity = { token: await this.#read(), certificate: null }
      this.#known = { identity, readAt: performance.now() }
      this.#isRefused = false
      return identity
    } catch (error) {
      // A file that is being replaced may be missing for a moment.
      if (known !== null && !this.#isRefused) return known.identity
      throw error
    }
  }

  renew(): void {
    this.#isRefused = true
  }

  async #read(): Promise<string> {
    const text = await readFile(this.#file, 'utf8').catch((cause: unknown) => {
      throw new BerthError('engine_unavailable', `cannot read the token of Kubernetes: ${reasonOf(cause)}`, { cause })
    })
    const token = text.trim()
    if (isToken(token)) return token
    const problem = token === '' ? 'is empty' : 'contains characters that no token has'
    throw new BerthError('engine_unavailable', `the token file ${this.#file} of Kubernetes ${problem}`)
  }
}

/** Whether this can be a token in a header. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}
