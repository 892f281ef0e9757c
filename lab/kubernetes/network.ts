/**
 * Addresses and cables of a cluster. Each cluster on a machine has a number of its own, which is in the name of the
 * link to it: the kernel refuses a second link of that name, and removes the link with the cluster's namespaces.
 */
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Namespaces } from './namespaces.ts'

const exec = promisify(execFile)
const MAX_CLUSTERS = 32
const DETACH_TIMEOUT_MS = 10_000
/** Last number of the address of the API server, and of other parts that all nodes share. */
const CONTROL_PLANE = 1
/** Last number of the address of the machine that the cluster runs on. */
const MACHINE = 254

export class Network {
  readonly #cluster: Namespaces
  readonly number: number

  private constructor(cluster: Namespaces, number: number) {
    this.#cluster = cluster
    this.number = number
  }

  /** Connects the namespaces of a cluster with this machine. */
  static async create(cluster: Namespaces): Promise<Network> {
    const network = new Network(cluster, await connect(cluster))
    const link = linkOf(network.number)
    await exec('ip', ['address', 'add', `${network.machine}/24`, 'dev', link])
    await exec('ip', ['link', 'set', link, 'up'])
    await cluster.run(
      'sh',
      '-euc',
      [
        'ip link add nodes type bridge',
        'ip link set uplink master nodes up',
        `ip address add ${network.controlPlane}/24 dev nodes`,
        'ip link set nodes up',
        'echo 1 >/proc/sys/net/ipv4/ip_forward',
      ].join('\n'),
    )
    return network
  }

  /** Address of this machine, from which gateways outside of the cluster connect. */
  get machine(): string {
    return this.#address(MACHINE)
  }

  get controlPlane(): string {
    return this.#address(CONTROL_PLANE)
  }

  /** Address of the nth node, counted from 0. */
  node(index: number): string {
    return this.#address(index + 2)
  }

  /** Addresses of the node's pods: the first one, which is the node's own among them, and the range. */
  pods(index: number): { readonly gateway: string; readonly range: string } {
    const third = this.number * 8 + index
    return { gateway: `10.78.${third}.1/24`, range: `10.78.${third}.0/24` }
  }

  /** Connects the namespaces of a node, and leads the way to its pods there. */
  async attach(node: Namespaces, name: string, index: number): Promise<void> {
    const peer = ['peer', 'name', 'eth0', 'netns', String(node.pid)]
    await this.#cluster.runInNetwork('ip', 'link', 'add', name, 'type', 'veth', ...peer)
    await this.#cluster.run('ip', 'link', 'set', name, 'master', 'nodes', 'up')
    await node.run(
      'sh',
      '-euc',
      [
        `ip address add ${this.node(index)}/24 dev eth0`,
        'ip link set eth0 up',
        `ip route add default via ${this.controlPlane}`,
        'echo 1 >/proc/sys/net/ipv4/ip_forward',
      ].join('\n'),
    )
    const route = ['route', 'replace', this.pods(index).range, 'via', this.node(index)]
    await this.#cluster.run('ip', ...route)
    await exec('ip', route)
  }

  /** Resolves when the kernel has removed the link to a node. It does so some time after the node's namespaces end. */
  async detached(name: string): Promise<void> {
    const deadline = performance.now() + DETACH_TIMEOUT_MS
    const list = () => this.#cluster.run('ip', '-oneline', 'link', 'show', 'master', 'nodes')
    while ((await list()).includes(` ${name}@`)) {
      if (performance.now() > deadline) throw new Error(`the link to ${name} was not removed`)
      await sleep(50)
    }
  }

  /** Pulls the cable of a node, or plugs it in again. */
  async setCable(name: string, state: 'up' | 'down'): Promise<void> {
    await this.#cluster.run('ip', 'link', 'set', name, state)
  }

  #address(last: number): string {
    return `10.77.${this.number}.${last}`
  }
}

async function connect(cluster: Namespaces): Promise<number> {
  const peer = ['peer', 'name', 'uplink', 'netns', String(cluster.pid)]
  for (let number = 0; number < MAX_CLUSTERS; number += 1) {
    const made = await exec('ip', ['link', 'add', linkOf(number), 'type', 'veth', ...peer]).catch((error: unknown) => {
      if (String(error).includes('File exists')) return null
      throw error
    })
    if (made !== null) return number
  }
  throw new Error(`all ${MAX_CLUSTERS} numbers of clusters are in use`)
}

/** Name of the link from this machine to a cluster. */
export function linkOf(number: number): string {
  return `berth-kube${number}`
}
