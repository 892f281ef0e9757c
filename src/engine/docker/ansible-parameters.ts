/**
 * How a container is made, in the words of Ansible's community.docker (3.4). Translated from what the manager itself
 * sends to Docker, so that what `just provision` makes and what the manager makes cannot drift apart.
 */
import type { ContainerSpec, Reach } from '../../core/container.ts'
import { networkOptions } from './network-spec.ts'
import { createOptions } from './spec.ts'

/**
 * Parameters of `community.docker.docker_container` that describe the container; what to do with it is the playbook's.
 */
export interface ContainerParameters {
  readonly name: string
  readonly hostname: string
  readonly image: string
  readonly interactive: boolean
  readonly detach: boolean
  readonly labels: Record<string, string>
  readonly init: boolean
  readonly network_mode: string
  readonly dns_servers: readonly string[]
  readonly dns_opts: readonly string[]
  readonly published_ports: readonly string[]
  readonly restart_policy: string
  readonly memory: string
  readonly memory_swap: string
  readonly cpus: number
  readonly pids_limit: number
  readonly cap_drop: readonly string[]
  readonly capabilities: readonly string[]
  readonly security_opts: readonly string[]
  readonly runtime?: string
  readonly log_driver: string
  readonly log_options: Record<string, string>
}

export function ansibleParameters(spec: ContainerSpec): ContainerParameters {
  const { Hostname, Image, OpenStdin, Labels, HostConfig } = createOptions(spec)
  return {
    name: spec.name,
    hostname: Hostname,
    image: Image,
    interactive: OpenStdin,
    // Otherwise whoever first speaks to it closes its stdin for all others.
    detach: true,
    labels: Labels,
    init: HostConfig.Init,
    network_mode: HostConfig.NetworkMode,
    dns_servers: HostConfig.Dns,
    dns_opts: HostConfig.DnsOptions,
    published_ports: publishedPorts(HostConfig.PortBindings),
    restart_policy: HostConfig.RestartPolicy.Name,
    memory: String(HostConfig.Memory),
    memory_swap: String(HostConfig.MemorySwap),
    cpus: HostConfig.NanoCpus / 1e9,
    pids_limit: HostConfig.PidsLimit,
    cap_drop: HostConfig.CapDrop,
    capabilities: HostConfig.CapAdd,
    security_opts: HostConfig.SecurityOpt,
    ...(HostConfig.Runtime !== undefined && { runtime: HostConfig.Runtime }),
    log_driver: HostConfig.LogConfig.Type,
    log_options: HostConfig.LogConfig.Config,
  }
}

function publishedPorts(bindings: Record<string, readonly { HostIp: string; HostPort: string }[]>): string[] {
  return Object.entries(bindings).flatMap(([inside, outside]) =>
    outside.map(({ HostIp, HostPort }) => `${HostIp.includes(':') ? `[${HostIp}]` : HostIp}:${HostPort}:${inside}`),
  )
}

/** Parameters of `community.docker.docker_network`. */
export interface NetworkParameters {
  readonly name: string
  readonly driver: string
  readonly driver_options: Record<string, string>
  readonly labels: Record<string, string>
}

export function ansibleNetworkParameters(instance: string, reach: Reach): NetworkParameters {
  const { Name, Driver, Options, Labels } = networkOptions(instance, reach)
  return { name: Name, driver: Driver, driver_options: Options, labels: Labels }
}
