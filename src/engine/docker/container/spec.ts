/**
 * Decides how a container is made. The manager sends `createOptions` to Docker; `just provision` translates the same
 * options for Ansible (`../ansible/parameters.ts`). Raise SPEC_FORMAT (`../../labels.ts`) with every change.
 */
import type { ContainerSpec } from '../../../domain/container.ts'
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import { accountUid, CAPABILITIES } from '../../confinement.ts'
import { labelsOf } from '../../labels.ts'
import { SECCOMP_PROFILE } from './seccomp.ts'
import { networkName } from '../network/spec.ts'

/** sshd's port inside the container. */
const SSH = '22/tcp'

/**
 * Keeps Docker's name server (127.0.0.11) out of the container: it reveals the names and addresses of all containers of
 * the network, and Docker has no setting against that (moby/libnetwork#1085). Docker 20.10 omits the server when
 * "ndots" is not a number, as on its default bridge; 26.1 and 28.5 ignore the option, and so do resolvers in
 * containers.
 */
const NO_DOCKER_DNS = 'ndots:off'
/**
 * If Docker's name server is there all the same, it would ask the host's servers from the host: with these settings it
 * asks the container's own loopback, where there is no server. The options keep that from taking 20 s with Docker
 * 20.10.
 */
const NO_NAMES = { Dns: ['127.0.0.1'], DnsOptions: ['timeout:1', 'attempts:1', NO_DOCKER_DNS] }

/**
 * Maximum number of open files per process, which also bounds how many watches and terminals of the kernel it can take.
 * The engine's default may be a million, through which some programs loop. The engine's own limit must be at least
 * this.
 */
const OPEN_FILES = { Soft: 1024, Hard: 16_384 }

/** Returns the body of Docker's "create a container". The name is in the URL. Without `port`, none is published. */
export function createOptions(spec: ContainerSpec, mark: DatabaseMark) {
  const { port } = spec
  return {
    Hostname: spec.name,
    Image: spec.image,
    // The agent reads from it; see `agent/agent.ts`.
    OpenStdin: true,
    // User id for the account; see `src/accounts/account.sh`. A container that becomes an image has neither an account
    // nor a port.
    Env: port === undefined ? [] : [`BERTH_UID=${accountUid(port)}`],
    Labels: labelsOf(spec, mark),
    ExposedPorts: { [SSH]: {} },
    HostConfig: {
      // An init process reaps failed logins and the orphans of ended sessions.
      Init: true,
      NetworkMode: networkName(spec.instance, spec.reach),
      ...(spec.reach === 'none' ? NO_NAMES : { Dns: [], DnsOptions: [NO_DOCKER_DNS] }),
      // Always explicit: a port that Docker picks changes with every start, and clashes in bursts (moby#31926).
      PortBindings: port === undefined ? {} : { [SSH]: [{ HostIp: spec.bind, HostPort: String(port) }] },
      // After a reboot, containers of active reservations run again, and killed ones stay down.
      RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 },
      // Equal to the memory, so that no swap is added.
      Memory: spec.memory,
      MemorySwap: spec.memory,
      ShmSize: spec.shm,
      ...(spec.disk !== null && { StorageOpt: { size: String(spec.disk) } }),
      NanoCpus: Math.round(spec.cpus * 1e9),
      PidsLimit: spec.pids,
      Ulimits: [{ Name: 'nofile', ...OPEN_FILES }],
      CapDrop: ['ALL'],
      CapAdd: CAPABILITIES,
      // sudo is a setuid program: it needs new privileges.
      SecurityOpt: [...(spec.sudo ? [] : ['no-new-privileges']), `seccomp=${SECCOMP_PROFILE}`],
      ...(spec.runtime !== null && { Runtime: spec.runtime }),
      // A tenant who writes to the console of sshd must not fill the host's disk.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
    },
  }
}
