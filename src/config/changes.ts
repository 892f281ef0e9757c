/** Compares two readings of berth.yml: which settings differ, and which of those only a restart applies. */
import type { Config } from './config.ts'
import { describeEngine } from './engine/engine-address.ts'
import { poolChanges } from './pool-changes.ts'
import type { SettingChange } from '../domain/text/setting-change.ts'
import { formatDuration } from '../domain/text/duration.ts'
import { formatBlock } from '../domain/text/ipv4-block.ts'

interface Setting {
  readonly path: string
  /** Returns the value as it would be written in berth.yml; null: not set. */
  readonly written: (config: Config) => string | null
  /** Whether a reload can apply another value. */
  readonly isLive: boolean
}

const live = (path: string, written: Setting['written']): Setting => ({ path, written, isLive: true })
const restart = (path: string, written: Setting['written']): Setting => ({ path, written, isLive: false })

/** Settings by property of the Config. A new property does not compile until it is compared here. */
const SETTINGS: Readonly<Record<keyof Config, readonly Setting[]>> = {
  listen: [restart('listen', ({ listen }) => `${listen.host}:${listen.port}`)],
  database: [restart('database', (config) => config.database)],
  postgres: [
    restart('database sslmode', ({ postgres }) => postgres?.sslMode ?? null),
    restart('database sslrootcert', ({ postgres }) => postgres?.caFile ?? null),
    restart('postgres.password_file', ({ postgres }) => postgres?.passwordFile ?? null),
    restart('postgres.secret_file', ({ postgres }) => postgres?.secretFile ?? null),
    restart('postgres.timeout', ({ postgres }) => durationOf(postgres?.timeoutMs)),
    restart('postgres.listen', ({ postgres }) => addressOf(postgres?.listen)),
  ],
  // Derived from the database.
  ansibleOutput: [],
  accounts: [restart('accounts', (config) => config.accounts)],
  engine: [
    restart('engine', ({ engine }) => `${engine.kind}, ${describeEngine(engine)}`),
    restart('kubernetes.nameservers', ({ engine }) => listOf(engine.kind === 'kubernetes' ? engine.nameservers : [])),
    restart('kubernetes.gateways', ({ engine }) => listOf(engine.kind === 'kubernetes' ? engine.gateways : [])),
  ],
  instance: [restart('instance', (config) => config.instance.name), live('ssh.bind', (config) => config.instance.bind)],
  peerNetworks: [restart('peer_networks', (config) => formatBlock(config.peerNetworks))],
  hostCa: [restart('ssh.host_ca', (config) => String(config.hostCa))],
  auth: [restart('auth', (config) => config.auth)],
  signOn: [
    restart('auth.oidc.issuer', ({ signOn }) => signOn?.issuer ?? null),
    restart('auth.oidc.audience', ({ signOn }) => signOn?.audience ?? null),
    restart('auth.oidc.clients', ({ signOn }) => signOn?.clients?.join(', ') ?? null),
    restart('auth.oidc.admin_claim', ({ signOn }) => signOn && claimOf(signOn.adminClaim)),
    restart('auth.oidc.name_claim', ({ signOn }) => signOn?.nameClaim ?? null),
    live('auth.oidc.limits.containers', ({ signOn }) => signOn?.limits.containers?.toString() ?? null),
    live('auth.oidc.limits.duration', ({ signOn }) => durationOf(signOn?.limits.durationMs)),
    live('auth.oidc.limits.pools', ({ signOn }) => signOn?.limits.pools?.join(', ') ?? null),
  ],
  oidcClient: [
    restart('auth.oidc.client_id', ({ oidcClient }) => oidcClient?.id ?? null),
    restart('auth.oidc.client_secret_file', ({ oidcClient }) => oidcClient?.secretFile ?? null),
    restart('auth.oidc.scopes', ({ oidcClient }) => oidcClient?.scopes.join(' ') ?? null),
  ],
  url: [live('url', (config) => config.url)],
  sshHost: [live('ssh.host', (config) => config.sshHost)],
  sshTunnel: [live('ssh.tunnel', (config) => String(config.sshTunnel))],
  sshGateway: [
    restart('ssh.gateway.listen', ({ sshGateway }) => sshGateway?.listen ?? null),
    restart('ssh.gateway.alone', ({ sshGateway }) => sshGateway && String(sshGateway.alone)),
  ],
  concurrency: [live('concurrency', (config) => String(config.concurrency))],
  drainMs: [live('drain', (config) => formatDuration(config.drainMs))],
  keepMs: [live('keep', (config) => formatDuration(config.keepMs))],
  log: [live('log.level', ({ log }) => log.level), restart('log.format', ({ log }) => log.format)],
  timezone: [live('timezone', (config) => config.timezone)],
  trustProxy: [restart('trust_proxy', ({ trustProxy }) => trustProxy.join(', '))],
  rateLimit: [live('rate_limit', (config) => String(config.rateLimit))],
  // Compared by `poolChanges`.
  pools: [],
  // The manager does not build images.
  images: [],
  // A reload reads the same file again, and the environment of a process does not change.
  file: [],
  environment: [],
}

export interface ConfigChanges {
  /** Changes that a reload can apply. */
  readonly live: readonly SettingChange[]
  /** Changes that only a restart applies. */
  readonly restart: readonly SettingChange[]
}

export function changesBetween(before: Config, after: Config): ConfigChanges {
  const changed = Object.values(SETTINGS)
    .flat()
    .filter(({ written }) => written(before) !== written(after))
  const listed = (settings: readonly Setting[]) =>
    settings.map(({ path, written }) => ({ path, before: written(before), after: written(after) }))
  return {
    live: [...listed(changed.filter((setting) => setting.isLive)), ...poolChanges(before.pools, after.pools)],
    restart: listed(changed.filter((setting) => !setting.isLive)),
  }
}

function claimOf(claim: { readonly name: string; readonly value: string } | null): string | null {
  return claim && `${claim.name}=${claim.value}`
}

/** Returns null for an empty list. */
function listOf(values: readonly string[]): string | null {
  return values.length > 0 ? values.join(', ') : null
}

function durationOf(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : formatDuration(ms)
}

function addressOf(address: { readonly host: string; readonly port: number } | null | undefined): string | null {
  return address ? `${address.host}:${address.port}` : null
}
