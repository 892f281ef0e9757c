/**
 * Reads berth.yml and the environment into one frozen Config, and reports all problems at once. The only reader of
 * process.env on the server.
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { type Access, readAccess } from './auth.ts'
import { refuseElsewhere } from './cluster/cluster.ts'
import { findConfigFile } from './config-file.ts'
import { addressConflict, type GatewayConfig, readGateway } from './ssh/gateway.ts'
import { readImages } from './images.ts'
import { type LogSettings, readLog } from './log.ts'
import { describePostgres, type PostgresConfig, readPostgres } from './database/postgres.ts'
import { isPostgresUrl } from './database/url.ts'
import { readPool } from './pool.ts'
import { type EngineConfig, engineVariables, findEngine, withoutEngine } from './engine/engine-address.ts'
import { type KubernetesConfig, readKubernetes } from './engine/kubernetes.ts'
import { type Environment, SettingsReader } from './reader.ts'
import * as value from './values.ts'
import { BerthError, invalidConfig, reasonOf } from '../domain/errors.ts'
import { zoneOfMachine } from '../domain/text/local-time.ts'
import type { Ipv4Block } from '../domain/text/ipv4-block.ts'
import { isLoopback } from '../domain/text/loopback.ts'
import { DEFAULT_INSTANCE, type InstanceConfig, type OwnImage, type Pool } from '../domain/pool.ts'

export interface Config extends Access {
  /** Absolute path of the berth.yml. */
  readonly file: string
  readonly listen: value.Listen
  /** Absolute path of the database file, or the URL of a database server without its parameters. */
  readonly database: string
  /** The database server; null: the database is a file. */
  readonly postgres: PostgresConfig | null
  /** Absolute path of the folder for playbooks' output. */
  readonly ansibleOutput: string
  /** `memory` belongs to `engine: memory`, whatever berth.yml says. */
  readonly accounts: 'native' | 'ansible' | 'memory'
  /** Maximum number of containers that are worked on at once. */
  readonly concurrency: number
  /** Time for which a manager continues to serve after it was asked to stop, in milliseconds; see `Drain`. */
  readonly drainMs: number
  /** How long ended reservations and events are kept, in milliseconds. */
  readonly keepMs: number
  readonly log: LogSettings
  readonly instance: InstanceConfig
  /** IANA name of the time zone in which tenants read times. */
  readonly timezone: string
  /** Host name of the containers' SSH ports in answers. */
  readonly sshHost: string
  /** Whether answers tell clients to connect through the manager. */
  readonly sshTunnel: boolean
  /** How tenants reach the SSH ports; null: at those that the engine publishes. */
  readonly sshGateway: GatewayConfig | null
  /** Whether containers get host certificates of the database's authority. */
  readonly hostCa: boolean
  /** In the order of berth.yml. The simple API uses the first one. */
  readonly pools: readonly Pool[]
  /** Images that `just image` builds. */
  readonly images: readonly OwnImage[]
  /** Addresses for the networks on which containers of one reservation reach each other. */
  readonly peerNetworks: Ipv4Block
  readonly engine: EngineConfig
  /** Environment of the programs that the manager runs. */
  readonly environment: Environment
}

const DAY_MS = 86_400_000
/** Maximum of `drain`. Service managers kill a process that takes long to stop: systemd after 90 s by default. */
const MAX_DRAIN_MS = 60_000

const TOP = {
  listen: { parse: value.listen, default: '127.0.0.1:8080' },
  database: { parse: value.database, default: 'containers.db' },
  accounts: { parse: value.oneOf('native', 'ansible'), default: 'native' },
  engine: { parse: value.oneOf('docker', 'kubernetes', 'memory'), default: 'docker' },
  instance: { parse: value.slug, default: DEFAULT_INSTANCE },
  peer_networks: { parse: value.addressBlock, default: '10.213.0.0/16' },
  concurrency: { parse: value.whole(1, 64), default: 4 },
  drain: { parse: value.span, default: '0s' },
  keep: { parse: value.span, default: '90d' },
  timezone: { parse: value.timezone, default: undefined },
} as const

/** Keys that functions of their own read. */
const OTHER_KEYS = [
  'log',
  'auth',
  'rate_limit',
  'trust_proxy',
  'url',
  'ssh',
  'postgres',
  'kubernetes',
  'images',
  'pools',
] as const

const SSH = {
  bind: { parse: value.ipAddress, default: '127.0.0.1' },
  host: { parse: value.text, default: 'localhost' },
  host_ca: { parse: value.flag, default: false },
  tunnel: { parse: value.flag, default: false },
} as const

/** Reads berth.yml, by default that of `findConfigFile`. `invalid_config` lists every problem with its path. */
export function loadConfig(environment: Environment = process.env, file = findConfigFile(environment)): Config {
  let yaml: string
  try {
    yaml = readFileSync(file, 'utf8')
  } catch (cause) {
    const message = `cannot be read: ${reasonOf(cause)}`
    throw new BerthError('invalid_config', `${file} ${message}`, { cause, violations: [{ path: '', message }] })
  }
  return parseConfig(yaml, file, environment)
}

/** `file` is named in messages; relative paths start from its folder. */
export function parseConfig(yaml: string, file: string, environment: Environment): Config {
  const reader = new SettingsReader(environment)
  const yamlTree = parseYaml(yaml, file)
  const { raw, all: top, some } = reader.map(yamlTree, [], TOP, OTHER_KEYS)
  const log = readLog(reader, raw)
  const { all: ssh, raw: rawSsh } = reader.map(raw['ssh'], ['ssh'], SSH, ['gateway'])
  const sshGateway = readGateway(reader, rawSsh['gateway'])
  const folder = dirname(file)
  const owners = new Map(some.listen ? [[some.listen.port, 'listen']] : [])
  const rawPools = Object.entries(reader.section(raw['pools'], ['pools']))
  if (rawPools.length === 0) reader.report(['pools'], 'must name at least one pool')
  const pools = rawPools.flatMap(([name, rawPool]) => readPool(reader, name, rawPool, { folder, owners }) ?? [])
  refuseElsewhere(reader, pools, some.engine)
  const images = readImages(
    reader,
    raw['images'],
    pools.map((pool) => pool.image),
  )
  const poolNames = rawPools.map(([name]) => name)
  const isPostgres = isPostgresUrl(some.database ?? '')
  const postgres = readPostgres(reader, raw['postgres'], isPostgres ? (some.database ?? null) : null, folder)
  const onKubernetes = some.engine === 'kubernetes'
  const kubernetes = readKubernetes(reader, raw['kubernetes'], {
    instance: some.instance ?? '',
    isUsed: onKubernetes,
    environment,
  })
  if (onKubernetes) {
    reportUnsupported(reader, some.instance ?? '', pools)
    if (ssh && !ssh.tunnel) reportUnreachablePods(reader, sshGateway, isPostgres)
  }
  const access = readAccess(reader, raw, { pools: poolNames, folder })
  if (access?.auth === 'none' && some.listen && !isLoopback(some.listen.host)) {
    const why = 'every caller that reaches it is an admin; auth: tokens allows any address'
    const must = 'must be a loopback address such as 127.0.0.1:8080 with auth: none'
    reader.report(['listen'], `${must}, not "${some.listen.host}": ${why}`)
  }
  // An Idempotency-Key is valid for a day, and so must be its reservation.
  if (some.keep !== undefined && some.keep < DAY_MS) reader.report(['keep'], 'must be at least 1d')
  if (some.drain !== undefined && some.drain > MAX_DRAIN_MS) reader.report(['drain'], 'must be at most 60s')
  reader.checkEnvironment()
  if (!top || !ssh || !access || !log || !kubernetes || reader.problems.length > 0)
    throw invalidConfig(file, reader.problems)
  const engine = engineOf(top.engine, kubernetes, environment)
  const conflict = sshGateway && addressConflict(sshGateway.listen, ssh.bind, engine)
  if (conflict !== null) throw invalidConfig(file, [{ path: 'ssh.gateway.listen', message: conflict }])
  return freeze({
    file,
    listen: top.listen,
    database: postgres ? describePostgres(postgres) : resolve(folder, top.database),
    postgres,
    // Beside a file that the manager writes: the folder of berth.yml may belong to root.
    ansibleOutput: postgres
      ? resolve(dirname(postgres.secretFile), 'berth-ansible')
      : resolve(folder, `${top.database}-ansible`),
    accounts: engine.kind === 'memory' ? 'memory' : top.accounts,
    concurrency: top.concurrency,
    drainMs: top.drain,
    keepMs: top.keep,
    log,
    ...access,
    instance: { name: top.instance, bind: ssh.bind },
    timezone: some.timezone ?? zoneOfMachine(),
    sshHost: ssh.host,
    sshTunnel: ssh.tunnel,
    sshGateway,
    hostCa: ssh.host_ca,
    pools,
    images,
    peerNetworks: top.peer_networks,
    engine,
    // A token of the command that was set in the manager's shell is kept from playbooks.
    environment: {
      ...Object.fromEntries(Object.entries(withoutEngine(environment)).filter(([name]) => name !== 'BERTH_TOKEN')),
      ...engineVariables(engine),
    },
  })
}

function engineOf(kind: EngineConfig['kind'], kubernetes: KubernetesConfig, environment: Environment): EngineConfig {
  if (kind === 'memory') return { kind }
  return kind === 'kubernetes' ? { kind, ...kubernetes } : { kind, ...findEngine(environment) }
}

/** Reports settings that Kubernetes cannot have. */
function reportUnsupported(reader: SettingsReader, instance: string, pools: readonly Pool[]): void {
  // Values of labels end with a letter or digit.
  const mustNot = 'must not end with "-" with engine: kubernetes'
  if (instance.endsWith('-')) reader.report(['instance'], mustNot)
  for (const { name, preparedImage } of pools) {
    if (name.endsWith('-')) reader.report(['pools', name], `the name ${mustNot}`)
    if (preparedImage === null) continue
    const instead = 'build an image with the playbook, push it to a registry, and name it in image'
    reader.report(['pools', name, 'prepare_image'], `requires engine: docker; ${instead}`)
  }
}

/** Reports settings without tunnels in which nothing forwards SSH to the pods. */
function reportUnreachablePods(reader: SettingsReader, gateway: GatewayConfig | null, isPostgres: boolean): void {
  if (gateway === null) {
    const why = 'with engine: kubernetes: tenants reach pods in no other way'
    reader.report(['ssh'], `must have gateway, or tunnel: true, ${why}`)
  } else if (gateway.alone && !isPostgres) {
    reader.report(['ssh', 'gateway', 'alone'], 'requires PostgreSQL; without alone, the manager forwards SSH itself')
  }
}

function parseYaml(yaml: string, file: string): unknown {
  try {
    const document = parseDocument(yaml, { logLevel: 'error' })
    if (document.errors.length === 0) return document.toJS()
    throw invalidConfig(
      file,
      // The lines after the first one show the place in the file.
      document.errors.map(({ message }) => ({ path: '', message: (message.split('\n')[0] ?? '').replace(/:$/, '') })),
    )
  } catch (error) {
    if (error instanceof BerthError) throw error
    // Aliases without an anchor, or too many of them.
    throw invalidConfig(file, [{ path: '', message: reasonOf(error) }])
  }
}

function freeze<T extends object>(whole: T): T {
  for (const part of Object.values(whole)) if (typeof part === 'object' && part !== null) freeze(part)
  return Object.freeze(whole)
}
