/**
 * The container spec as parameters of Ansible's community.docker (3.4). Translated from what the manager sends to
 * Docker, so that `just provision` and the manager make equal containers.
 */
import type { ContainerSpec, Reach } from '../../../domain/container.ts'
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import { INSTANCE_LABEL } from '../../labels.ts'
import { networkOptions } from '../network/spec.ts'
import { engineName } from '../container/name.ts'
import { createOptions } from '../container/spec.ts'

/** Returns parameters of `community.docker.docker_container`. The playbook adds the state that it wants. */
export function ansibleParameters(spec: ContainerSpec, mark: DatabaseMark) {
  const { Hostname, Image, OpenStdin, Env, Labels, HostConfig } = createOptions(spec, mark)
  return {
    name: engineName(spec),
    hostname: Hostname,
    image: Image,
    interactive: OpenStdin,
    env: Object.fromEntries(Env.map((each) => each.split('='))),
    // Otherwise the first client that attaches closes its stdin for all others.
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
    shm_size: String(HostConfig.ShmSize),
    ...(HostConfig.StorageOpt !== undefined && { storage_opts: HostConfig.StorageOpt }),
    cpus: HostConfig.NanoCpus / 1e9,
    pids_limit: HostConfig.PidsLimit,
    ulimits: HostConfig.Ulimits.map(({ Name, Soft, Hard }) => `${Name}:${Soft}:${Hard}`),
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

/**
 * Returns parameters of `community.docker.docker_network`, without the labels of the database: docker_network replaces
 * a network whose labels differ, and disconnects its containers. A network of an earlier version or another database
 * serves as well.
 */
export function ansibleNetworkParameters(instance: string, reach: Reach) {
  const { Name, Driver, Options } = networkOptions(instance, reach, null)
  return { name: Name, driver: Driver, driver_options: Options, labels: { [INSTANCE_LABEL]: instance } }
}
