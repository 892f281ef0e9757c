/**
 * Reads a kubeconfig (kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig): one context, its
 * cluster and its user. Messages name the file and the field, and never show what the file contains about a user.
 */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { BerthError, invalidConfig, reasonOf, type Violation } from '../../../../domain/errors.ts'
import type { Clock } from '../../../../ports/clock.ts'
import type { Cluster } from './cluster.ts'
import { Fields } from './fields.ts'
import { PemReader } from './pem.ts'
import { readUser } from './user.ts'

export interface KubeconfigOptions {
  /** Name of the context; null for `current-context`. */
  readonly context: string | null
  /** Environment of programs that print credentials. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
}

/** Throws `invalid_config` for a file that cannot be read or used, with all problems at once. */
export async function readKubeconfig(path: string, options: KubeconfigOptions): Promise<Cluster> {
  const file = resolve(path)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new BerthError('invalid_config', `the kubeconfig cannot be read: ${reasonOf(cause)}`, { cause })
  })
  const problems: Violation[] = []
  const root = new Fields(parse(text, file), '', problems)
  const cluster = await readContext(root, file, problems, options)
  if (cluster === null || problems.length > 0) throw invalidConfig(`the kubeconfig ${file}`, problems)
  return cluster
}

/** The parser's own messages would show parts of the file. */
function parse(text: string, file: string): unknown {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const [error] = document.errors
  if (error === undefined) return document.toJS()
  const { line, col } = lineCounter.linePos(error.pos[0])
  throw new BerthError(
    'invalid_config',
    `the kubeconfig ${file} is not YAML: ${error.code} in line ${line}, column ${col}`,
  )
}

async function readContext(
  root: Fields,
  file: string,
  problems: Violation[],
  { context: chosen, environment, clock }: KubeconfigOptions,
): Promise<Cluster | null> {
  const name = chosen ?? root.text('current-context')
  if (name === null) {
    root.problem('current-context', 'is missing. Name a context, or run "kubectl config use-context NAME"')
    return null
  }
  const context = root.named('contexts', name)?.inner('context')
  if (context === undefined) return null
  const clusterName = context.text('cluster')
  const userName = context.text('user')
  if (clusterName === null) context.problem('cluster', 'is missing')
  if (userName === null) context.problem('user', 'is missing')
  const cluster = clusterName === null ? null : root.named('clusters', clusterName)
  const user = userName === null ? null : root.named('users', userName)
  const folder = dirname(file)
  const credentials = user && (await readUser(user.inner('user'), { file, folder, environment, clock }))
  const server = cluster && (await readServer(cluster.inner('cluster'), folder))
  if (server === null || credentials === null || problems.length > 0) return null
  return {
    ...server,
    source: `context ${JSON.stringify(name)} of ${file}`,
    namespace: context.text('namespace'),
    credentials,
  }
}

type Server = Pick<Cluster, 'server' | 'ca' | 'serverName' | 'verifies'>

async function readServer(fields: Fields, folder: string): Promise<Server | null> {
  const address = fields.text('server')
  const server = address !== null && URL.canParse(address) ? new URL(address) : null
  if (server?.protocol !== 'https:') fields.problem('server', 'must be a URL that begins with https://')
  if (server && (server.username !== '' || server.password !== '')) fields.problem('server', 'must have no password')
  if (fields.has('proxy-url')) fields.problem('proxy-url', 'is not supported. Connect without a proxy, or by a VPN')
  const ca = await new PemReader(fields, folder).read('certificate-authority', 'CERTIFICATE')
  const verifies = !fields.flag('insecure-skip-tls-verify')
  return server && { server, ca, serverName: fields.text('tls-server-name'), verifies }
}
