/** A private PostgreSQL server for tests, benchmarks and trials. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { PostgresAddress } from '../../src/store/postgres/address.ts'
import { reservePorts } from '../ports.ts'
import { type Programs, serverPrograms } from './binaries.ts'
import { copyData } from './replica.ts'

/** User "nobody": PostgreSQL refuses to run as root. */
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 }
const START_TIMEOUT_MS = 30_000

/** Sorts "B" after "a", unlike the order of bytes, so that tests notice code that relies on the server's collation. */
const COLLATION = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US']

export interface PostgresServer {
  readonly port: number
  readonly programs: Programs
  /** Log of the server, for messages of failures. */
  log(): string
  /** Creates an empty database, by default with a new name. Returns its URL. */
  createDatabase(name?: string): Promise<string>
  /** Runs SQL as the superuser. */
  query(database: string, sql: string): Promise<Record<string, unknown>[]>
  /** Stops the server at once, as a power failure would. `start` recovers what was committed. */
  crash(): Promise<void>
  /** Sends SIGKILL to each process of the server. */
  kill(): Promise<void>
  start(): Promise<void>
  /** Starts a replica that follows this server by streaming, under this name, until `select pg_promote()`. */
  startReplica(name: string): Promise<PostgresServer>
  /** Ends the server and removes its data, and its replicas. */
  stop(): Promise<void>
}

interface PlaceOptions {
  /** An existing folder for the data, such as one on another disk. */
  readonly within?: string
  /** Returns the programs of the server. May put them into this folder. */
  readonly findPrograms?: (folder: string) => Programs
}

/**
 * Starts a server. `settings` are those of postgresql.conf: `{ max_connections: '20' }`. `files` are put into the
 * folder of the data: certificates, or another pg_hba.conf.
 */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
  { within, findPrograms = serverPrograms }: PlaceOptions = {},
): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-postgres-'))
  const programs = findPrograms(join(folder, 'server'))
  const data = join(within ?? folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  chmodSync(folder, 0o755)
  give(data)
  // Not synced: a new server need not survive a power failure.
  // `trust`: the server listens on the loopback address only, and tests of passwords change pg_hba.conf.
  const init = ['-D', data, '--username=postgres', '--auth=trust', '--no-sync', ...COLLATION]
  const env = { ...process.env, ...programs.env }
  const made = spawnSync(join(programs.bin, 'initdb'), init, { ...OWNER, env, encoding: 'utf8', cwd: data })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const server = await serve(programs, data, settings, files)
  return {
    ...server,
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const OWNER: { uid?: number; gid?: number } = process.getuid?.() === 0 ? UNPRIVILEGED : {}

function give(path: string): void {
  if (OWNER.uid !== undefined) chownSync(path, OWNER.uid, OWNER.gid ?? OWNER.uid)
}

/** Starts a server on this data. */
async function serve(
  programs: Programs,
  data: string,
  settings: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const [port = 0] = await reservePorts(1)
  const all = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ...settings,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name} = '${value}'\n`)
  for (const [name, text] of Object.entries({ 'postgresql.auto.conf': lines.join(''), ...files })) {
    writeFileSync(join(data, name), text, { mode: 0o600 })
    give(join(data, name))
  }

  let server: ChildProcess | null = null
  let log = ''
  let databases = 0
  const replicas: PostgresServer[] = []
  const urlOf = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}?sslmode=disable`

  async function query(database: string, sql: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: urlOf(database) })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows
    } finally {
      await client.end()
    }
  }

  async function start(): Promise<void> {
    const started = spawn(join(programs.bin, 'postgres'), ['-D', data], {
      ...OWNER,
      env: { ...process.env, ...programs.env },
      cwd: data,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    server = started
    started.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
    const deadline = performance.now() + START_TIMEOUT_MS
    for (;;) {
      try {
        await query('postgres', 'select 1')
        return
      } catch (error) {
        if (started.exitCode !== null || performance.now() > deadline)
          throw new Error(`no PostgreSQL: ${log}`, { cause: error })
      }
      await sleep(20)
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const running = server
    server = null
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const ended = once(running, 'exit')
    const children = signal === 'SIGKILL' ? childrenOf(running.pid ?? 0) : []
    running.kill(signal)
    for (const pid of children) killIfThere(pid)
    await ended
  }

  await start()
  return {
    port,
    programs,
    log: () => log,
    query,
    start,
    // Immediate shutdown: no checkpoint, and every connection is closed.
    crash: () => end('SIGQUIT'),
    kill: () => end('SIGKILL'),
    async createDatabase(name = `berth_${++databases}`) {
      await query('postgres', `create database "${name}"`)
      return urlOf(name)
    },
    async startReplica(name) {
      const copy = `${data}-${name}`
      await copyData(urlOf('postgres'), data, copy)
      for (const path of [copy, ...readdirSync(copy, { recursive: true }).map((file) => join(copy, String(file)))]) {
        give(path)
      }
      const from = `host=127.0.0.1 port=${port} user=postgres application_name=${name}`
      const replica = await serve(programs, copy, { ...settings, primary_conninfo: from })
      replicas.push(replica)
      return replica
    },
    async stop() {
      for (const replica of replicas) await replica.stop()
      await end('SIGINT')
      rmSync(data, { recursive: true, force: true })
    },
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended with its parent.
  }
}

/** Returns the settings of a store in this database. */
export function addressOf(url: string, some: Partial<PostgresAddress> = {}): PostgresAddress {
  const { hostname, port, username, pathname } = new URL(url)
  return {
    host: hostname,
    port: Number(port),
    user: username,
    database: pathname.slice(1),
    sslMode: 'disable',
    caFile: null,
    passwordFile: null,
    timeoutMs: 5_000,
    listen: null,
    ...some,
  }
}
