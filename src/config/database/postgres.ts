/** Reads `postgres` of berth.yml, and `database` if it is the URL of a PostgreSQL database. */
import { resolve } from 'node:path'
import type { SettingsReader } from '../reader.ts'
import * as value from '../values.ts'
import { isLoopback } from '../../domain/text/loopback.ts'
import { MUST_BE_DATABASE, MUST_NAME_ALL } from './url.ts'

/** As for psql: whether to use TLS, and what of the server's certificate to verify. */
const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const

export interface PostgresConfig {
  /** A host name, an address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly sslMode: (typeof SSL_MODES)[number]
  /** Absolute path of the certificates of trusted authorities; null: those of Node. */
  readonly caFile: string | null
  /** Absolute path; null: the password is in the file that PGPASSFILE names, or in ~/.pgpass. */
  readonly passwordFile: string | null
  /** Absolute path of the secret that the managers share. */
  readonly secretFile: string
  readonly timeoutMs: number
  /** The server itself, to listen for notifications, if `host` is a connection pooler. */
  readonly listen: value.Listen | null
}

const POSTGRES = {
  password_file: { parse: value.text, default: undefined },
  secret_file: { parse: value.text, default: 'berth-secret' },
  listen: { parse: value.listen, default: undefined },
  timeout: { parse: value.span, default: '5s' },
} as const

/** Parameters of the URL, by their names in libpq. */
const PARAMETERS = ['host', 'user', 'sslmode', 'sslrootcert'] as const

/** Bounds of `timeout`. 0 means no limit in PostgreSQL; requests wait for the timeout while the server is down. */
const MIN_TIMEOUT_MS = 1_000
const MAX_TIMEOUT_MS = 60_000

/** Follows `database`. The driver does not search several servers for the primary. */
const SEVERAL_HOSTS =
  'must name one host; for several servers, name an address that always leads to the primary, such as a virtual IP ' +
  'address or a load balancer'

/**
 * Returns the settings of the server; null if `database` is null, because a file is used, or after reporting problems.
 * `database` is a URL. Relative paths start from `folder`.
 */
export function readPostgres(
  reader: SettingsReader,
  section: unknown,
  database: string | null,
  folder: string,
): PostgresConfig | null {
  const { all } = reader.map(section, ['postgres'], POSTGRES)
  if (all && (all.timeout < MIN_TIMEOUT_MS || all.timeout > MAX_TIMEOUT_MS)) {
    reader.report(['postgres', 'timeout'], 'must be between 1s and 60s')
    return null
  }
  const address = database === null ? null : readUrl(reader, database, folder)
  if (!all || !address) return null
  const { password_file: passwordFile, secret_file: secretFile, timeout: timeoutMs, listen } = all
  return {
    ...address,
    passwordFile: passwordFile === undefined ? null : resolve(folder, passwordFile),
    secretFile: resolve(folder, secretFile),
    timeoutMs,
    listen: listen ?? null,
  }
}

/** Returns the URL to show to people, without parameters: "postgres://berth@db.example.org:5432/berth". */
export function describePostgres({ host, port, user, database }: PostgresConfig): string {
  const where = host.startsWith('/') ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`
  return `postgres://${user}@${where}/${database}`
}

type Address = Pick<PostgresConfig, 'host' | 'port' | 'user' | 'database' | 'sslMode' | 'caFile'>

function readUrl(reader: SettingsReader, text: string, folder: string): Address | null {
  const report = (message: string): null => {
    reader.report(['database'], message)
    return null
  }
  // Checked first: the URL parser accepts such a list as a host name, or refuses it because of its ports.
  if (/^\w+:\/\/(?:[^/?@]*@)?[^/?@]*,/.test(text)) return report(SEVERAL_HOSTS)
  const url = URL.parse(text)
  if (url === null) return report(MUST_BE_DATABASE)
  if (url.password !== '') {
    return report('must not contain a password; put it in a file and name that file in postgres.password_file')
  }
  const unknown = [...url.searchParams.keys()].find((name) => !(PARAMETERS as readonly string[]).includes(name))
  if (unknown !== undefined) {
    return report(`has the unknown parameter "${unknown}"; allowed: ${PARAMETERS.join(', ')}`)
  }
  if (!isDecodable(`${url.username}${url.hostname}${url.pathname}`)) {
    return report('has a "%" that is not followed by two hexadecimal digits; write it as %25')
  }
  const parameter = (name: (typeof PARAMETERS)[number]) => url.searchParams.get(name) || null
  const host = parameter('host') ?? decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '')
  const user = parameter('user') ?? decodeURIComponent(url.username)
  const database = decodeURIComponent(url.pathname.slice(1))
  if (host === '' || user === '' || database === '' || database.includes('/')) {
    return report(MUST_NAME_ALL)
  }
  if (host.includes(',')) return report(SEVERAL_HOSTS)
  const isLocal = host.startsWith('/') || isLoopback(host)
  const written = parameter('sslmode') ?? (isLocal ? 'disable' : 'verify-full')
  const sslMode = SSL_MODES.find((mode) => mode === written)
  if (sslMode === undefined) {
    return report(`has sslmode "${written}"; allowed: ${SSL_MODES.join(', ')}`)
  }
  const ca = parameter('sslrootcert')
  return {
    ...{ host, user, database, sslMode },
    port: url.port === '' ? 5432 : Number(url.port),
    caFile: ca === null ? null : resolve(folder, ca),
  }
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
