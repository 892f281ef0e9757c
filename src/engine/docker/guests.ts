import type { GuestHost } from '../guest/guest-host.ts'
import { AGENT_LABEL } from '../guest/agent.ts'
import type { Docker } from './api/client.ts'
import { asGuestError } from './api/errors.ts'
import { assertFullId } from './api/ids.ts'
import { inspectContainer } from './api/inspect.ts'
import type { Requests } from './api/requests.ts'
import { sshArguments } from './api/ssh.ts'
import { StdoutStream } from './api/stdout-stream.ts'
import type { ContainerInfo } from './api/types.ts'

/** Returns how agents and relays are reached through Docker. */
export function guestHost(docker: Docker, requests: Requests): GuestHost {
  return {
    run: (what, deadlineMs, request) => requests.run(what, deadlineMs, request),
    attach: (id, signal) => asGuestError(() => StdoutStream.attach(docker, assertFullId(id), signal)),
    isRunning: async (id, signal) => (await inspectContainer(docker, id, signal))?.State.Running === true,
    agentVersion: async (id, signal) =>
      versionIn((await inspectContainer(docker, assertFullId(id), signal))?.Config.Labels ?? {}),
  }
}

/**
 * Relays are not used on an engine behind SSH: each connection would be an ssh process on this machine and a docker
 * process on that one.
 */
export function usesRelays(docker: Docker): boolean {
  return sshArguments(docker.address) === null
}

/** Returns the versions of the agent's protocol, by container. Labels of a container include those of its image. */
export function agentVersions(infos: readonly ContainerInfo[]): ReadonlyMap<string, string> {
  return new Map(infos.map(({ Id, Labels }) => [Id, versionIn(Labels)]))
}

function versionIn(labels: Readonly<Record<string, string>>): string {
  return labels[AGENT_LABEL] ?? ''
}
