/** A user of a kubeconfig: client certificate, token, file of a token, or a program that prints credentials. */
import { resolve } from 'node:path'
import type { Clock } from '../../../../ports/clock.ts'
import { type Credentials, fixed } from './cluster.ts'
import { ExecCredentials } from './exec-plugin.ts'
import { Fields } from './fields.ts'
import { PemReader } from './pem.ts'
import { isToken, TokenFile } from './token-file.ts'

const API_VERSION = /^client\.authentication\.k8s\.io\/(?:v1|v1beta1)$/

interface UserOptions {
  readonly file: string
  /** Paths are relative to it. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
}

/** Returns null after reporting a problem. */
export async function readUser(user: Fields, options: UserOptions): Promise<Credentials | null> {
  for (const [name, remedy] of [
    ['username', 'Use a token or a client certificate'],
    ['auth-provider', 'Use "exec"'],
    ['as', 'Give the rights to the user itself'],
  ] as const) {
    if (user.has(name)) user.problem(name, `is not supported. ${remedy}`)
  }
  const pem = new PemReader(user, options.folder)
  const cert = await pem.read('client-certificate', 'CERTIFICATE')
  const key = await pem.read('client-key', 'PRIVATE KEY')
  const certificate = cert !== null && key !== null ? { cert, key } : null
  // As kubectl chooses: the file before the token.
  const tokenFile = user.text('tokenFile')
  if (tokenFile !== null) return new TokenFile(resolve(options.folder, tokenFile))
  const token = user.text('token')
  if (token !== null && !isToken(token)) user.problem('token', 'contains characters that no token has')
  if (token !== null || certificate !== null) return fixed({ token, certificate })
  if (user.has('exec')) return readExec(user.inner('exec'), options)
  const hasHalf = ['client-certificate', 'client-key'].some((name) => user.has(name) || user.has(`${name}-data`))
  const needed = 'client-certificate with client-key, token, tokenFile or exec'
  user.problem('', hasHalf ? 'needs a client certificate and its key' : `must have ${needed}`)
  return null
}

function readExec(exec: Fields, { file, folder, environment, clock }: UserOptions): Credentials | null {
  const command = exec.text('command')
  const apiVersion = exec.text('apiVersion')
  if (command === null) exec.problem('command', 'is missing')
  if (apiVersion === null || !API_VERSION.test(apiVersion))
    exec.problem('apiVersion', 'must be client.authentication.k8s.io/v1 or v1beta1')
  if (exec.text('interactiveMode') === 'Always')
    exec.problem('interactiveMode', 'must not be Always: the manager has no terminal')
  const args = exec.list('args')
  if (!args.every((each) => typeof each === 'string')) exec.problem('args', 'must be a list of texts')
  if (command === null || apiVersion === null) return null
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) env[name] = value
  for (const [index, entry] of exec.list('env').entries()) {
    const fields = new Fields(entry, `${exec.path}.env[${index}]`, [])
    const name = fields.text('name')
    if (name === null) exec.problem(`env[${index}]`, 'must have a name')
    else env[name] = fields.text('value') ?? ''
  }
  const plugin = {
    source: `${exec.path} of ${file}`,
    // As kubectl does: a path is relative to the kubeconfig, a plain name is looked up.
    command: command.includes('/') ? resolve(folder, command) : command,
    args: args.map(String),
    env,
    apiVersion,
    installHint: exec.text('installHint'),
  }
  return new ExecCredentials(plugin, clock)
}
