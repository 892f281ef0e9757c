/** Brings Berth's part of ssh's configuration up to date. */
import { createLimit } from '../../../domain/concurrency.ts'
import type { Cli, CommandContext } from '../../command-context.ts'
import { failureOf } from '../../failures.ts'
import { LocalState } from '../../reservations/local-state.ts'
import { listReservations, mine } from '../../reservations/lookup.ts'
import { chosenBefore, type WrittenConfig, writeSshConfig } from './folder.ts'
import { type SshHost, sshHostOf } from './hosts.ts'
import { isInstalled } from './include.ts'

/** Maximum number of containers whose host key is read at once. */
const MAX_CONCURRENT_SCANS = 8

/**
 * Describes the caller's active containers. One that cannot be described is left out, with a warning. `option`:
 * `--tunnel` or `--no-tunnel`, which later calls without an option repeat.
 */
export async function describeHosts(
  { environment }: Pick<Cli, 'environment'>,
  { client, settings, terminal }: CommandContext,
  option?: boolean,
): Promise<WrittenConfig & { readonly hosts: readonly SshHost[] }> {
  const active = await listReservations(client, ['active'], await mine(client))
  const localState = new LocalState(environment.stateDir)
  const chosen = option ?? chosenBefore(environment.stateDir, settings.url)
  const tunnel = { environment, settings, option: chosen }
  const limit = createLimit(MAX_CONCURRENT_SCANS)
  const takenNames = new Set(active.flatMap(({ name, containers }) => [name, ...containers.map((each) => each.name)]))
  const described = active.flatMap((reservation) =>
    reservation.containers.map((container) =>
      limit(() =>
        sshHostOf(reservation, container, { identity: localState.identity(reservation.id), takenNames, tunnel }),
      ).catch((error: unknown) => {
        const failure = failureOf(error)
        if (!failure) throw error
        terminal.note(`berth: ${failure.message}; left out of ssh's configuration`)
        return null
      }),
    ),
  )
  const hosts = (await Promise.all(described)).filter((host) => host !== null)
  return { hosts, ...writeSshConfig(environment.stateDir, settings.url, hosts, chosen) }
}

/**
 * Calls `describeHosts` after a command that changed or listed reservations, if ~/.ssh/config includes the result. The
 * command has done its work, so a failure is only a warning.
 */
export async function refreshSshConfig(cli: Pick<Cli, 'environment'>, context: CommandContext): Promise<void> {
  try {
    if (isInstalled(cli.environment.sshConfig)) await describeHosts(cli, context)
  } catch (error) {
    const failure = failureOf(error)
    if (!failure) throw error
    context.terminal.note(`berth: ssh's configuration is not up to date: ${failure.message}`)
  }
}
