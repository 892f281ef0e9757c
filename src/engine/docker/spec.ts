/**
 * The one place that decides how a container is made. The manager sends `createOptions` to Docker; `just provision`
 * uses the same decision in Ansible's words (`ansible-parameters.ts`). Raise SPEC_FORMAT (`../labels.ts`) with it.
 */
import type { ContainerSpec } from '../../core/container.ts'
import { labelsOf } from '../labels.ts'
import { networkName } from './network-spec.ts'

/** sshd's port inside the container. */
const SSH = '22/tcp'

/**
 * All that is left of root's powers inside. sshd becomes the user and locks up its unprivileged half (SETGID, SETUID,
 * SYS_CHROOT) and hands over the terminal (CHOWN); without AUDIT_WRITE (PAM's record of the login) there is none. sudo,
 * useradd and package managers write and chmod files of other owners (DAC_OVERRIDE, FOWNER, FSETID); root inside ends
 * processes of users (KILL); port 22 takes NET_BIND_SERVICE on engines before 20.10. Of Docker's default set MKNOD,
 * NET_RAW (forged packets), SETFCAP and SETPCAP are gone; packages that want SETFCAP (ping) fall back to setuid.
 */
const CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETUID',
  'SYS_CHROOT',
]

/** The body of Docker's "create a container", as far as Berth has an opinion. The name travels in the URL. */
export interface CreateBody {
  readonly Hostname: string
  readonly Image: string
  readonly OpenStdin: boolean
  readonly Labels: Record<string, string>
  readonly ExposedPorts: { readonly [SSH]: object }
  readonly HostConfig: {
    readonly Init: boolean
    readonly NetworkMode: string
    readonly Dns: string[]
    readonly DnsOptions: string[]
    readonly PortBindings: { readonly [SSH]: readonly [{ readonly HostIp: string; readonly HostPort: string }] }
    readonly RestartPolicy: { readonly Name: 'unless-stopped'; readonly MaximumRetryCount: 0 }
    readonly Memory: number
    readonly MemorySwap: number
    readonly NanoCpus: number
    readonly PidsLimit: number
    readonly CapDrop: string[]
    readonly CapAdd: string[]
    readonly SecurityOpt: string[]
    readonly Runtime?: string
    readonly LogConfig: { readonly Type: 'json-file'; readonly Config: Record<'max-size' | 'max-file', string> }
  }
}

/**
 * Docker answers for names inside, and may ask the host's name servers from the host: this has it ask the container's own
 * loopback, where nobody is. The options keep that from taking 20 s, as Docker (20.10) does not say that nobody was there.
 */
const NO_NAMES = { Dns: ['127.0.0.1'], DnsOptions: ['timeout:1', 'attempts:1'] }

export function createOptions(spec: ContainerSpec): CreateBody {
  return {
    Hostname: spec.name,
    Image: spec.image,
    // For whoever listens there, see `listener.ts`.
    OpenStdin: true,
    Labels: labelsOf(spec),
    ExposedPorts: { [SSH]: {} },
    HostConfig: {
      // Failed logins and the orphans of ended sessions need someone to reap them.
      Init: true,
      NetworkMode: networkName(spec.instance, spec.reach),
      ...(spec.reach === 'none' ? NO_NAMES : { Dns: [], DnsOptions: [] }),
      // Always explicit: a port picked by Docker changes with every start, and clashes in bursts (moby#31926).
      PortBindings: { [SSH]: [{ HostIp: spec.bind, HostPort: String(spec.port) }] },
      // A rebooted host comes back with its running reservations, and what was killed stays down.
      RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 },
      // Equal, so that there is no swap on top.
      Memory: spec.memory,
      MemorySwap: spec.memory,
      NanoCpus: Math.round(spec.cpus * 1e9),
      PidsLimit: spec.pids,
      CapDrop: ['ALL'],
      CapAdd: CAPABILITIES,
      // sudo is a setuid program: it can work only where new privileges may be had.
      SecurityOpt: spec.sudo ? [] : ['no-new-privileges'],
      ...(spec.runtime !== null && { Runtime: spec.runtime }),
      // A user who writes to the console of sshd must not fill the host's disk.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
    },
  }
}
