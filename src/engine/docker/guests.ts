import type { GuestHost } from '../guest/guest-host.ts'
import { AGENT_LABEL } from '../guest/agent.ts'
import { AgentPool } from '../guest/agent-pool.ts'
import { RelayConnections } from '../guest/relay-connections.ts'
import { systemTimers } from '../timers.ts'
import type { Docker } from './api/client.ts'
import { asGuestError } from './api/errors.ts'
import { assertFullId, shortId } from './api/ids.ts'
import { inspectContainer } from './api/inspect.ts'
import type { Requests } from './api/requests.ts'
import { sshArguments } from './api/ssh.ts'
import { StdoutStream } from './api/stdout-stream.ts'
import type { ContainerInfo } from './api/types.ts'

/** Returns how agents and relays are reached through Docker. */
function guestHost(docker: Docker, requests: Requests): GuestHost {
  return {
    nameOf: shortId,
    run: (what, deadlineMs, request) => requests.run(what, deadlineMs, request),
    attach: (id, signal) => asGuestError(() => StdoutStream.attach(docker, assertFullId(id), signal)),
    isRunning: async (id, signal) => (await inspectContainer(docker, id, signal))?.State.Running === true,
    agentVersion: async (id, signal) =>
      versionIn((await inspectContainer(docker, assertFullId(id), signal))?.Config.Labels ?? {}),
  }
}

/** The agents and relays in the containers of one Docker host. */
export class Guests {
  readonly agent: AgentPool
  /**
   * null on an engine behind SSH: each connection to a relay would be an ssh process on this machine and a docker
   * process on that one.
   */
  readonly lines: RelayConnections | null

  constructor(docker: Docker, requests: Requests, connectMs: number) {
    const host = guestHost(docker, requests)
    const isBehindSsh = sshArguments(docker.address) !== null
    this.agent = new AgentPool(host, connectMs)
    this.lines = isBehindSsh ? null : new RelayConnections(host, { connectMs, timers: systemTimers })
  }

  /** Records which containers have an agent or a relay, by a listing of all of them. */
  update(infos: readonly ContainerInfo[]): void {
    const versions = agentVersions(infos)
    this.agent.update(versions)
    this.lines?.update(versions)
  }

  close(): void {
    this.agent.close()
    this.lines?.close()
  }
}

/** Returns the versions of the agent's protocol, by container. Labels of a container include those of its image. */
function agentVersions(infos: readonly ContainerInfo[]): ReadonlyMap<string, string> {
  return new Map(infos.map(({ Id, Labels }) => [Id, versionIn(Labels)]))
}

function versionIn(labels: Readonly<Record<string, string>>): string {
  return labels[AGENT_LABEL] ?? ''
}
