/** The certificate authority of a cluster, its certificates, and kubeconfigs for their owners. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'

const exec = promisify(execFile)
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
const DAYS = ['-days', '365']

interface Subject {
  readonly commonName: string
  /** Kubernetes takes the organization as the user's group. */
  readonly group?: string
  /** With the names, it is also the certificate of a server. */
  readonly names?: readonly string[]
}

export class Certificates {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Makes the authority, and the key that signs tokens of service accounts. */
  static async create(folder: string): Promise<Certificates> {
    mkdirSync(folder, { mode: 0o700 })
    const certificates = new Certificates(folder)
    const ca = ['req', '-x509', ...KEY, ...DAYS, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=berth-test-ca']
    await certificates.#openssl(...ca)
    await certificates.#openssl('genrsa', '-out', 'sa.key', '2048')
    await certificates.#openssl('rsa', '-in', 'sa.key', '-pubout', '-out', 'sa.pub')
    return certificates
  }

  /** Path of a file, such as ca.crt or admin.key. */
  path(file: string): string {
    return join(this.#folder, file)
  }

  /** Makes NAME.crt and NAME.key. */
  async issue(name: string, { commonName, group, names = [] }: Subject): Promise<void> {
    const subject = `${group === undefined ? '' : `/O=${group}`}/CN=${commonName}`
    const request = ['req', ...KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject]
    const usages = names.length > 0 ? 'clientAuth,serverAuth' : 'clientAuth'
    const extensions = [`extendedKeyUsage=${usages}`]
    if (names.length > 0) extensions.push(`subjectAltName=${names.join(',')}`)
    writeFileSync(this.path(`${name}.ext`), extensions.join('\n'))
    const serial = ['-set_serial', `0x${Buffer.from(name).toString('hex').slice(0, 30)}`]
    const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', ...serial, ...DAYS, '-extfile', `${name}.ext`]
    await this.#openssl(...request)
    await this.#openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-out', `${name}.crt`)
  }

  /** Writes a kubeconfig for the owner of NAME.crt, and returns its path. */
  writeKubeconfig(name: string, server: string): string {
    const cluster = { server, 'certificate-authority': this.path('ca.crt') }
    const user = { 'client-certificate': this.path(`${name}.crt`), 'client-key': this.path(`${name}.key`) }
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'berth', cluster }],
      users: [{ name, user }],
      contexts: [{ name: 'berth', context: { cluster: 'berth', user: name } }],
      'current-context': 'berth',
    }
    const file = this.path(`${name}.kubeconfig`)
    writeFileSync(file, stringify(config), { mode: 0o600 })
    return file
  }

  async #openssl(...args: string[]): Promise<void> {
    await exec('openssl', args, { cwd: this.#folder })
  }
}
