/** Reads `ssh.gateway` of berth.yml: the address at which a gateway forwards connections to containers. */
import { BerthError } from '../../domain/errors.ts'
import { hasLoopbackHost } from '../../domain/text/loopback.ts'
import type { EngineConfig } from '../engine/engine-address.ts'
import type { SettingsReader } from '../reader.ts'
import * as value from '../values.ts'

export interface GatewayConfig {
  /** IP address on which it listens. */
  readonly listen: string
  /** Whether `berth gateway` runs it, instead of each manager. */
  readonly alone: boolean
}

/** The settings that it must fit. */
interface Surroundings {
  readonly engine: EngineConfig
  /** Null: the database is a file. */
  readonly postgres: object | null
  readonly instance: { readonly bind: string }
}

const FIELDS = {
  listen: { parse: value.ipAddress },
  alone: { parse: value.flag, default: false },
} as const

/** Returns the settings; null without a gateway. Reports problems. */
export function readGateway(reader: SettingsReader, content: unknown): GatewayConfig | null {
  const path = ['ssh', 'gateway']
  if ((content === undefined || content === null) && !reader.overridesBelow(path)) return null
  return reader.map(content, path, FIELDS).all
}

/**
 * Returns why a gateway cannot listen at this address; null if it can. Docker of this machine publishes the same ports
 * at `bind`.
 */
export function addressConflict(listen: string, bind: string, engine: EngineConfig): string | null {
  if (engine.kind !== 'docker' || !isLocal(engine.host)) return null
  const why = `Docker publishes the same ports at ssh.bind (${bind})`
  if (isWildcard(listen)) return `must be one address, not ${listen}: ${why}`
  if (listen !== bind && !isWildcard(bind)) return null
  return `cannot be ${listen}: ${why}; set ssh.bind to ${listen === '127.0.0.1' ? '127.0.0.2' : '127.0.0.1'}, for example`
}

/** Throws `invalid_config` if a gateway that runs alone cannot work with these settings. */
export function assertRunsAlone({ postgres, engine, instance }: Surroundings, listen: string): void {
  if (postgres === null) {
    const why = 'a SQLite file belongs to its manager'
    const remedy = 'set database to the URL of a PostgreSQL database, or let the manager run it: ssh.gateway.listen'
    throw new BerthError('invalid_config', `a gateway of its own needs PostgreSQL, because ${why}; ${remedy}`)
  }
  if (engine.kind === 'memory') {
    throw new BerthError(
      'invalid_config',
      'containers of engine: memory have no SSH server to which a gateway could connect',
    )
  }
  const conflict = addressConflict(listen, instance.bind, engine)
  if (conflict !== null) throw new BerthError('invalid_config', `the address of the gateway ${conflict}`)
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

function isLocal(host: string): boolean {
  return host.startsWith('unix:') || hasLoopbackHost(URL.parse(host))
}
