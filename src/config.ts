/** berth.yml + environment -> one frozen Config, all problems reported at once. The only reader of process.env. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { type Access, readAccess } from './config/auth.ts'
import { type Environment, SettingsReader } from './config/reader.ts'
import * as value from './config/values.ts'
import { REACHES } from './core/container.ts'
import { BerthError, reasonOf } from './core/errors.ts'
import type { Pool, Site } from './core/pool.ts'

export interface Config extends Access {
  readonly listen: value.Listen
  /** Absolute path of the database file. */
  readonly database: string
  readonly accounts: 'native' | 'ansible'
  /** How many containers are worked on at once. */
  readonly concurrency: number
  /** For how long ended reservations and events are kept, milliseconds. */
  readonly keepMs: number
  readonly log: 'debug' | 'info' | 'warn' | 'error'
  readonly site: Site
  /** The name that answers tell people to ssh to. */
  readonly sshHost: string
  /** In the order of berth.yml: the first is the one that the seed's endpoints use. */
  readonly pools: readonly Pool[]
  readonly dockerHost: string | undefined
  /** For the programs that we run. */
  readonly environment: Environment
}

const NAME = value.matching(/^[a-z][a-z0-9-]{0,30}$/, 'a name of a-z, 0-9 and "-" that begins with a letter')
const MINUTE = 60_000
const DAY = 86_400_000

const TOP = {
  listen: { parse: value.listen, default: '127.0.0.1:8080' },
  database: { parse: value.file, default: 'containers.db' },
  accounts: { parse: value.oneOf('native', 'ansible'), default: 'native' },
  instance: { parse: NAME, default: 'berth' },
  concurrency: { parse: value.whole(1, 64), default: 4 },
  keep: { parse: value.span, default: '90d' },
  log: { parse: value.oneOf('debug', 'info', 'warn', 'error'), default: 'info' },
} as const

const SSH = {
  bind: { parse: value.ipAddress, default: '127.0.0.1' },
  host: { parse: value.text, default: 'localhost' },
} as const

const POOL = {
  size: { parse: value.whole(0, 10_000) },
  image: { parse: value.text, default: 'berth/alpine' },
  ssh_ports: { parse: value.ports },
  memory: { parse: value.bytes, default: '512m' },
  cpus: { parse: value.cores, default: 1 },
  pids: { parse: value.whole(16, 100_000), default: 256 },
  sudo: { parse: value.flag, default: true },
  reach: { parse: value.oneOf(...REACHES), default: 'internet' },
  runtime: { parse: value.text, default: undefined },
  prepare: { parse: value.text, default: undefined },
} as const

const DURATION = {
  default: { parse: value.span, default: '60m' },
  max: { parse: value.span, default: '24h' },
} as const

/** Reads the file that BERTH_CONFIG names, or ./berth.yml. `invalid_config` lists every problem with its path. */
export function loadConfig(environment: Environment = process.env): Config {
  const file = resolve(environment['BERTH_CONFIG'] || 'berth.yml')
  if (!existsSync(file))
    throw new BerthError('invalid_config', `${file} does not exist; BERTH_CONFIG can name another one`)
  let yaml: string
  try {
    yaml = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new BerthError('invalid_config', `${file} cannot be read: ${reasonOf(cause)}`, { cause })
  }
  return parseConfig(yaml, file, environment)
}

/** `file` is for messages, and what relative paths start from. */
export function parseConfig(yaml: string, file: string, environment: Environment): Config {
  const reader = new SettingsReader(environment)
  const raw = reader.section(parseYaml(yaml, file), [])
  reader.onlyKeys(raw, [], [...Object.keys(TOP), 'auth', 'rate_limit', 'ssh', 'pools'])
  const { all: top, some } = reader.fields(raw, [], TOP)
  const rawSsh = reader.section(raw['ssh'], ['ssh'])
  reader.onlyKeys(rawSsh, ['ssh'], Object.keys(SSH))
  const { all: ssh } = reader.fields(rawSsh, ['ssh'], SSH)
  const folder = dirname(file)
  const owners = new Map(some.listen ? [[some.listen.port, 'listen']] : [])
  const rawPools = Object.entries(reader.section(raw['pools'], ['pools']))
  if (rawPools.length === 0) reader.report(['pools'], 'names no pool')
  const pools = rawPools.flatMap(([name, rawPool]) => readPool(reader, name, rawPool, { folder, owners }) ?? [])
  const access = readAccess(
    reader,
    raw,
    rawPools.map(([name]) => name),
  )
  if (access?.auth === 'none' && some.listen && !value.isLoopback(some.listen.host)) {
    const why = 'anybody who reaches it could take every container; with auth: tokens it can be any address'
    const must = 'must be a loopback address such as 127.0.0.1:8080 with auth: none'
    reader.report(['listen'], `${must}, not "${some.listen.host}": ${why}`)
  }
  // Requests that are sent again are known for a day, and so is what became of them.
  if (some.keep !== undefined && some.keep < DAY) reader.report(['keep'], 'must be at least 1d')
  reader.checkEnvironment()
  if (!top || !ssh || !access || reader.problems.length > 0) throw invalid(file, reader.problems)
  return freeze({
    listen: top.listen,
    database: resolve(folder, top.database),
    accounts: top.accounts,
    concurrency: top.concurrency,
    keepMs: top.keep,
    log: top.log,
    ...access,
    site: { instance: top.instance, bind: ssh.bind },
    sshHost: ssh.host,
    pools,
    dockerHost: environment['DOCKER_HOST'] || undefined,
    // Whoever starts it may have the command's token in the same shell; a playbook has no use for it.
    environment: Object.fromEntries(Object.entries(environment).filter(([name]) => name !== 'BERTH_TOKEN')),
  })
}

function parseYaml(yaml: string, file: string): unknown {
  try {
    const document = parseDocument(yaml, { logLevel: 'error' })
    if (document.errors.length === 0) return document.toJS()
    throw invalid(
      file,
      // After its first line, the message shows the place in the file.
      document.errors.map(({ message }) => (message.split('\n')[0] ?? '').replace(/:$/, '')),
    )
  } catch (error) {
    if (error instanceof BerthError) throw error
    // An alias without its anchor, or aliases of aliases of aliases.
    throw invalid(file, [reasonOf(error)])
  }
}

interface Surroundings {
  /** What relative paths start from. */
  readonly folder: string
  /** Whose a port is; grows with every pool. */
  readonly owners: Map<number, string>
}

/** null when something is wrong with it, which is reported then. */
function readPool(reader: SettingsReader, name: string, rawPool: unknown, around: Surroundings): Pool | null {
  const path = ['pools', name]
  const raw = reader.section(rawPool, path)
  try {
    NAME(name)
  } catch {
    reader.report(path, 'the name must be of a-z, 0-9 and "-" and begin with a letter')
  }
  reader.onlyKeys(raw, path, [...Object.keys(POOL), 'duration'])
  const { all: fields, some } = reader.fields(raw, path, POOL)
  const rawDuration = reader.section(raw['duration'], [...path, 'duration'])
  reader.onlyKeys(rawDuration, [...path, 'duration'], Object.keys(DURATION))
  const { all: duration, some: span } = reader.fields(rawDuration, [...path, 'duration'], DURATION)
  if (span.default !== undefined && span.default < MINUTE) {
    reader.report([...path, 'duration', 'default'], 'must be at least 1m')
  }
  if (duration && duration.max < duration.default) {
    reader.report([...path, 'duration', 'max'], 'must not be shorter than the default')
  }
  if (some.ssh_ports && some.size !== undefined && some.ssh_ports.length < some.size) {
    reader.report([...path, 'ssh_ports'], `${some.ssh_ports.length} ports for ${some.size} containers`)
  }
  takePorts(reader, path, some.ssh_ports ?? [], around.owners)
  const prepare = some.prepare ? resolve(around.folder, some.prepare) : null
  if (prepare !== null && !existsSync(prepare)) reader.report([...path, 'prepare'], `${prepare} does not exist`)
  if (!fields || !duration) return null
  const { ssh_ports, ...rest } = fields
  return { ...rest, name, ports: ssh_ports, runtime: some.runtime ?? null, duration, prepare }
}

function takePorts(
  reader: SettingsReader,
  path: readonly string[],
  ports: readonly number[],
  owners: Map<number, string>,
): void {
  for (const [owner, taken] of Map.groupBy(ports, (port) => owners.get(port))) {
    if (owner !== undefined) reader.report([...path, 'ssh_ports'], `taken by ${owner}: ${taken.join(', ')}`)
  }
  for (const port of ports) if (!owners.has(port)) owners.set(port, path.join('.'))
}

function invalid(file: string, problems: readonly string[]): BerthError {
  const lines = problems.map((problem) => `  ${problem}`)
  return new BerthError('invalid_config', `${file} cannot be used:\n${lines.join('\n')}`)
}

function freeze<T extends object>(whole: T): T {
  for (const part of Object.values(whole)) if (typeof part === 'object' && part !== null) freeze(part)
  return Object.freeze(whole)
}
