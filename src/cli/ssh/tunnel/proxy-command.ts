/** The ProxyCommand with which ssh connects through the manager: `berth proxy CONTAINER`. */
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { forShell } from '../../../domain/text/foreign-text.ts'
import { findCheckout } from '../../checkout.ts'
import type { Environment } from '../../environment.ts'
import { EXIT, Failure } from '../../failures.ts'
import type { Settings } from '../../options/settings.ts'
import { assertContainerName, type SshTarget } from '../target.ts'

/** What decides whether a container is reached through the manager. */
export interface TunnelChoice {
  readonly environment: Pick<Environment, 'tunnel'>
  readonly settings: Pick<Settings, 'url' | 'from'>
  /** `--tunnel` or `--no-tunnel`; undefined without either. */
  readonly option: boolean | undefined
}

/**
 * Returns the ProxyCommand for a container, or undefined to connect to its port. The first of these decides: the
 * option, BERTH_TUNNEL, the manager.
 */
export function proxyCommandFor(
  container: SshTarget,
  { environment, settings, option }: TunnelChoice,
): string | undefined {
  const wanted = option ?? tunnelOf(environment) ?? container.tunnel
  return wanted ? proxyCommand(container.name, settings) : undefined
}

/** Returns what BERTH_TUNNEL says; undefined if it is not set. */
function tunnelOf({ tunnel }: Pick<Environment, 'tunnel'>): boolean | undefined {
  if (tunnel === undefined) return undefined
  if (tunnel === '1' || tunnel === '0') return tunnel === '1'
  const advice = '1: connect through the manager; 0: connect to the SSH ports'
  throw new Failure(EXIT.usage, `invalid BERTH_TUNNEL "${tunnel}": allowed are 1 and 0`, { advice })
}

/** Contains no token: `berth proxy` reads it as every command does. ssh expands % and passes the rest to a shell. */
function proxyCommand(container: string, { url, from }: TunnelChoice['settings']): string {
  assertContainerName(container)
  // Not the default: with --url, the token of a config file without a URL is not sent.
  const manager = from === 'default' ? [] : ['--url', url]
  return [...ownCommand(), ...manager, 'proxy', container].map(forShell).join(' ').replaceAll('%', '%%')
}

/** Returns the words that start this command. In the package berth-cli, all modules are one file. */
function ownCommand(): readonly string[] {
  const checkout = findCheckout()
  return checkout === null ? [process.execPath, fileURLToPath(import.meta.url)] : [join(checkout, 'bin/berth')]
}
