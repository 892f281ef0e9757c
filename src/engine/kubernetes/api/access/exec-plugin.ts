/** Credentials that a program prints: `users[].user.exec` of a kubeconfig, which clouds use. */
import { execFile } from 'node:child_process'
import { BerthError, reasonOf } from '../../../../domain/errors.ts'
import type { Clock } from '../../../../ports/clock.ts'
import type { Credentials, Identity } from './cluster.ts'
import { isToken } from './token-file.ts'

/** Programs that ask a cloud take seconds. */
const TIMEOUT_MS = 30_000
const MAX_OUTPUT_BYTES = 1024 * 1024
/** A credential is replaced this long before it expires, so that a request under way still succeeds. */
const EARLY_MS = 30_000

export interface ExecPlugin {
  /** Where it is described, for messages: `users[0].user.exec of /etc/berth/kubeconfig`. */
  readonly source: string
  /** A name to look up in PATH, or an absolute path. */
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly apiVersion: string
  /** What the kubeconfig says to people who lack the program; null if nothing. */
  readonly installHint: string | null
}

interface ExecCredential {
  readonly status?: {
    readonly token?: unknown
    readonly clientCertificateData?: unknown
    readonly clientKeyData?: unknown
    readonly expirationTimestamp?: unknown
  }
}

/** Runs the program when there is no credential, when it expires, and after the API server has refused it. */
export class ExecCredentials implements Credentials {
  readonly #plugin: ExecPlugin
  readonly #clock: Clock
  #known: { readonly identity: Identity; readonly until: number } | null = null
  #running: Promise<Identity> | null = null

  constructor(plugin: ExecPlugin, clock: Clock) {
    this.#plugin = plugin
    this.#clock = clock
  }

  identity(): Promise<Identity> {
    if (this.#known !== null && this.#clock() < this.#known.until) return Promise.resolve(this.#known.identity)
    // Requests that need a credential at the same time share one run.
    this.#running ??= this.#renew().finally(() => (this.#running = null))
    return this.#running
  }

  renew(): void {
    this.#known = null
  }

  async #renew(): Promise<Identity> {
    const { identity, expires } = this.#parse(await this.#run())
    this.#known = { identity, until: expires - EARLY_MS }
    return identity
  }

  #run(): Promise<string> {
    const { command, args, env, apiVersion } = this.#plugin
    const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } }
    const options = {
      env: { ...env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL' as const,
      maxBuffer: MAX_OUTPUT_BYTES,
    }
    return new Promise((resolve, reject) => {
      execFile(command, args, options, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout)
        reject(this.#failure(this.#problem(error, stderr)))
      }).stdin?.end()
    })
  }

  /** Says why the program failed, without its arguments and without what it printed as a credential. */
  #problem(error: Error & { code?: unknown; killed?: boolean }, stderr: string): string {
    const { command, installHint } = this.#plugin
    if (error.code === 'ENOENT') return `the program was not found: ${installHint ?? `install ${command}`}`
    if (error.killed) return `the program did not end within ${TIMEOUT_MS / 1_000} s`
    const last = stderr.trim().split('\n').at(-1) ?? ''
    return `exit code ${String(error.code)}${last === '' ? '' : `: ${reasonOf(last)}`}`
  }

  #parse(output: string): { identity: Identity; expires: number } {
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = this.#statusIn(output)
    const expires = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Infinity
    if (Number.isNaN(expires)) throw this.#failure('status.expirationTimestamp is not a time')
    const certificate = typeof cert === 'string' && typeof key === 'string' ? { cert, key } : null
    if (typeof token === 'string' && isToken(token)) return { identity: { token, certificate }, expires }
    if (certificate === null || token !== undefined)
      throw this.#failure('it printed neither a token nor a certificate with its key')
    return { identity: { token: null, certificate }, expires }
  }

  #statusIn(output: string): NonNullable<ExecCredential['status']> {
    try {
      return (JSON.parse(output) as ExecCredential | null)?.status ?? {}
    } catch {
      // The message of the parser would contain the output.
      throw this.#failure('it must print an ExecCredential in JSON, and printed something else')
    }
  }

  #failure(problem: string): BerthError {
    const { command, source } = this.#plugin
    return new BerthError('engine_unavailable', `credentials of Kubernetes from "${command}" (${source}): ${problem}`)
  }
}
