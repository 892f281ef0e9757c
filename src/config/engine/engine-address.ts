/**
 * Finds the Docker engine by the rules of the docker command, once, for the manager and for every program that it runs.
 * Ansible's modules know only DOCKER_HOST.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { BerthError, reasonOf } from '../../domain/errors.ts'
import { hasLoopbackHost } from '../../domain/text/loopback.ts'
import type { Environment } from '../reader.ts'
import { describeKubernetes, type KubernetesConfig, kubernetesVariables } from './kubernetes.ts'

export interface EngineAddress {
  /** unix:///path, tcp://host:port or ssh://user@host:port */
  readonly host: string
  /** Folder of ca.pem, cert.pem and key.pem; null without TLS. */
  readonly certificates: string | null
  /** Where the address comes from, for people. */
  readonly source: string
}

/** Where containers run; each kind of engine has its own settings. */
export type EngineConfig =
  | ({ readonly kind: 'docker' } & EngineAddress)
  | ({ readonly kind: 'kubernetes' } & KubernetesConfig)
  | { readonly kind: 'memory' }

interface Endpoint {
  readonly Host?: string
  readonly SkipTLSVerify?: boolean
}

const DEFAULT: EngineAddress = { host: 'unix:///var/run/docker.sock', certificates: null, source: 'the default' }

/** Uses DOCKER_HOST, else the context that DOCKER_CONTEXT or `docker context use` names, else the default socket. */
export function findEngine(environment: Environment): EngineAddress {
  const { DOCKER_HOST: host, DOCKER_CONTEXT: context } = environment
  const folder = environment['DOCKER_CONFIG'] || join(environment['HOME'] || homedir(), '.docker')
  if (host) return { host, certificates: certificatesOf(host, environment, folder), source: 'DOCKER_HOST' }
  const source = context ? 'DOCKER_CONTEXT' : join(folder, 'config.json')
  const name = context || currentContext(source)
  return name === undefined || name === 'default' ? DEFAULT : contextEngine(name, folder, source)
}

const VARIABLES = ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH']

/** Returns the variables by which a child process uses the same engine. `withoutEngine` removes inherited ones. */
export function engineVariables(engine: EngineConfig): Readonly<Record<string, string>> {
  if (engine.kind === 'memory') return {}
  if (engine.kind === 'kubernetes') return kubernetesVariables(engine)
  const { host, certificates } = engine
  const tls = certificates !== null && { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates }
  return { DOCKER_HOST: host, ...tls }
}

export function withoutEngine(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !VARIABLES.includes(name)))
}

/** Describes the engine for people, with a warning when its connection is not protected. */
export function describeEngine(engine: EngineConfig): string {
  if (engine.kind === 'memory') return 'for demonstrations: containers are only simulated, and logins do not work'
  if (engine.kind === 'kubernetes') return describeKubernetes(engine)
  const { host, certificates, source } = engine
  const address = `${host} (${certificates === null ? source : `${source}, TLS`})`
  const isLocal = !host.startsWith('tcp:') || hasLoopbackHost(URL.parse(host))
  if (certificates !== null || isLocal) return address
  return `${address}: WITHOUT TLS: every client that reaches this address is root there; set DOCKER_TLS_VERIFY and DOCKER_CERT_PATH`
}

function certificatesOf(host: string, environment: Environment, folder: string): string | null {
  if (!host.startsWith('tcp:')) return null
  if (environment['DOCKER_TLS_VERIFY']) return environment['DOCKER_CERT_PATH'] || folder
  if (!environment['DOCKER_TLS']) return null
  throw unfit(`DOCKER_TLS without DOCKER_TLS_VERIFY trusts any engine that answers at ${host}: set DOCKER_TLS_VERIFY=1`)
}

function currentContext(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  const name = readJson<{ currentContext?: unknown }>(file).currentContext
  return typeof name === 'string' && name !== '' ? name : undefined
}

/** Reads a context as docker stores it: a folder named by the hash of the context's name, its keys in another one. */
function contextEngine(name: string, folder: string, from: string): EngineAddress {
  const id = createHash('sha256').update(name).digest('hex')
  const file = join(folder, 'contexts/meta', id, 'meta.json')
  const source = `context "${name}" of ${from}`
  if (!existsSync(file)) throw unfit(`${source} does not exist: \`docker context ls\` shows those that do`)
  const { Host: host = '', SkipTLSVerify } =
    readJson<{ Endpoints?: { docker?: Endpoint } }>(file).Endpoints?.docker ?? {}
  if (!/^(unix|tcp|ssh):/.test(host)) {
    throw unfit(`the endpoint of ${source} must be unix://, tcp:// or ssh://, got ${JSON.stringify(host)}`)
  }
  const keys = join(folder, 'contexts/tls', id, 'docker')
  const certificates = host.startsWith('tcp:') && existsSync(keys) ? keys : null
  if (certificates !== null && SkipTLSVerify)
    throw unfit(`${source} skips TLS verification: create the context with a CA certificate (ca=…)`)
  return { host, certificates, source }
}

function readJson<T extends object>(file: string): T {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch (cause) {
    throw new BerthError('invalid_config', `${file} cannot be read: ${reasonOf(cause)}`, { cause })
  }
}

function unfit(problem: string): BerthError {
  return new BerthError('invalid_config', problem)
}
