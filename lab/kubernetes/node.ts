/** A node of a cluster: a container runtime and a kubelet in namespaces of their own. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Certificates } from './certificates.ts'
import { makeCgroup } from './cgroups.ts'
import { Namespaces, type Program } from './namespaces.ts'
import type { Network } from './network.ts'
import { Containerd } from './runtimes/containerd.ts'
import { Docker, dockerHost } from './runtimes/docker.ts'
import type { Runtime, RuntimeName } from './runtimes/runtime.ts'

export interface NodePlace {
  readonly cluster: Namespaces
  readonly network: Network
  readonly certificates: Certificates
  /** Folder of the programs. */
  readonly programs: string
  /** Folder of the cluster. */
  readonly folder: string
  /** Counted from 0. */
  readonly index: number
  readonly runtime: RuntimeName
}

const RUNTIME_CLASSES = { docker: Docker, containerd: Containerd } as const

export class Node {
  readonly name: string
  readonly #place: NodePlace
  readonly #folder: string
  readonly #runtime: Runtime
  #namespaces: Namespaces | null = null
  #kubelet: Program | null = null

  constructor(name: string, place: NodePlace) {
    this.name = name
    this.#place = place
    this.#folder = join(place.folder, name)
    for (const part of ['run', 'lib', 'log']) mkdirSync(join(this.#folder, part), { recursive: true })
    this.#runtime = new RUNTIME_CLASSES[place.runtime]({
      node: name,
      folder: this.#folder,
      programs: place.programs,
      log: join(place.folder, `logs/${name}-${place.runtime}.log`),
      pods: place.network.pods(place.index),
    })
  }

  get address(): string {
    return this.#place.network.node(this.#place.index)
  }

  /** Address of the node's Docker engine, for DOCKER_HOST. Throws if its runtime is not Docker. */
  get docker(): string {
    if (this.#place.runtime !== 'docker') throw new Error(`${this.name} runs ${this.#place.runtime}, not Docker`)
    return dockerHost(this.#folder)
  }

  /** Switches the node on, with the disk that it had when it was switched off. */
  async start(): Promise<void> {
    const { cluster, network, index } = this.#place
    // The kubelet and its runtime write to these folders, which no option moves.
    const mounts = [
      `mount --bind ${this.#folder}/lib /var/lib`,
      `mount --bind ${this.#folder}/log /var/log`,
      'mkdir -p /var/log/pods /var/log/containers /var/lib/kubelet',
      `rm -rf ${this.#folder}/run/*`,
      // Without name servers, a pull fails at once. Images come from this machine alone.
      'mount --bind /dev/null /etc/resolv.conf',
      `mount --bind ${this.#folder}/run /run`,
    ]
    const namespaces = await Namespaces.open(mounts, cluster)
    this.#namespaces = namespaces
    await network.attach(namespaces, this.name, index)
    await this.#runtime.start(namespaces)
    this.startKubelet()
  }

  startKubelet(): void {
    const { network, certificates, programs, folder, index } = this.#place
    const cgroupRoot = makeCgroup(network.number, this.name)
    const config = join(this.#folder, 'kubelet.yaml')
    writeFileSync(config, stringify(kubeletConfig(certificates, this.name, network.node(index), cgroupRoot)))
    const options = [
      `--config=${config}`,
      `--kubeconfig=${certificates.path(`${this.name}.kubeconfig`)}`,
      `--hostname-override=${this.name}`,
      `--node-ip=${network.node(index)}`,
      ...this.#runtime.kubeletOptions,
      '--v=2',
    ]
    const log = join(folder, `logs/${this.name}-kubelet.log`)
    this.#kubelet = this.#open.start([join(programs, 'kubelet'), ...options], log)
  }

  /** Ends only the kubelet. Containers keep running. */
  async endKubelet(): Promise<void> {
    await this.#kubelet?.end('SIGKILL')
  }

  /** Whether it has power. Its programs may still be starting. */
  get isOn(): boolean {
    return this.#namespaces?.isOpen === true
  }

  /** Ends everything on the node at once, like a loss of power. `start` switches it on again. */
  async powerOff(): Promise<void> {
    const namespaces = this.#open
    this.#namespaces = this.#kubelet = null
    await namespaces.kill()
    await this.#place.network.detached(this.name)
  }

  /** As `Runtime.runningContainers`. Works also while its cable is pulled. */
  runningContainers(): Promise<string[]> {
    return this.#runtime.runningContainers()
  }

  /** Pulls the network cable of the node, or plugs it in again. */
  async setCable(state: 'up' | 'down'): Promise<void> {
    await this.#place.network.setCable(this.name, state)
  }

  /** Runs a program on the node. */
  run(...command: string[]): Promise<string> {
    return this.#open.run(...command)
  }

  /** Copies an image from this machine's Docker. */
  load(image: string): Promise<void> {
    return this.#runtime.load(image)
  }

  get #open(): Namespaces {
    if (this.#namespaces === null) throw new Error(`${this.name} is off`)
    return this.#namespaces
  }
}

function kubeletConfig(certificates: Certificates, name: string, address: string, cgroupRoot: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address,
    readOnlyPort: 0,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: certificates.path('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: certificates.path(`${name}.crt`),
    tlsPrivateKeyFile: certificates.path(`${name}.key`),
    cgroupDriver: 'cgroupfs',
    cgroupRoot,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    makeIPTablesUtilChains: false,
    hairpinMode: 'none',
    // Images come from this machine: one that was removed could not be pulled again.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      'memory.available': '50Mi',
      'nodefs.available': '0%',
      'imagefs.available': '0%',
      'nodefs.inodesFree': '0%',
    },
    resolvConf: '',
    // By default in /usr, which is that of the machine.
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
    maxPods: 300,
    serializeImagePulls: false,
    kubeAPIQPS: 100,
    kubeAPIBurst: 200,
    eventRecordQPS: 0,
    nodeStatusUpdateFrequency: '3s',
  }
}
