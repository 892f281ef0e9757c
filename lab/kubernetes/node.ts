/** A node of a cluster: a Docker engine and a kubelet in namespaces of their own. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import type { Certificates } from './certificates.ts'
import { makeCgroup } from './cgroups.ts'
import { Namespaces, type Program } from './namespaces.ts'
import type { Network } from './network.ts'

const exec = promisify(execFile)
const DOCKER_TIMEOUT_MS = 60_000
/** The first container of each pod. */
const PAUSE_IMAGE = 'berth-kubernetes-pause:local'

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
}

export class Node {
  readonly name: string
  readonly #place: NodePlace
  readonly #folder: string
  #namespaces: Namespaces | null = null
  #kubelet: Program | null = null

  constructor(name: string, place: NodePlace) {
    this.name = name
    this.#place = place
    this.#folder = join(place.folder, name)
    for (const part of ['run', 'lib', 'log']) mkdirSync(join(this.#folder, part), { recursive: true })
    writeFileSync(join(this.#folder, 'daemon.json'), '{}')
  }

  get address(): string {
    return this.#place.network.node(this.#place.index)
  }

  /** Address of the node's Docker engine, for DOCKER_HOST. */
  get docker(): string {
    return `unix://${this.#folder}/run/docker.sock`
  }

  /** Switches the node on. If it has run before, what was on its disk is there. */
  async start(): Promise<void> {
    const { cluster, network, index, folder } = this.#place
    // The kubelet and Docker write to these folders, which no option moves.
    const mounts = [
      `mount --bind ${this.#folder}/lib /var/lib`,
      `mount --bind ${this.#folder}/log /var/log`,
      'mkdir -p /var/log/pods /var/log/containers /var/lib/kubelet /var/lib/docker',
      `rm -rf ${this.#folder}/run/*`,
      // Without name servers, a pull fails at once. Images come from this machine alone.
      'mount --bind /dev/null /etc/resolv.conf',
      `mount --bind ${this.#folder}/run /run`,
    ]
    const namespaces = await Namespaces.open(mounts, cluster)
    this.#namespaces = namespaces
    await network.attach(namespaces, this.name, index)
    const options = [
      `--bip=${network.pods(index).gateway}`,
      '--iptables=false',
      '--ip-masq=false',
      `--config-file=${this.#folder}/daemon.json`,
      '--exec-opt=native.cgroupdriver=cgroupfs',
      '--host=unix:///run/docker.sock',
      '--pidfile=/run/docker.pid',
    ]
    const dockerd = namespaces.start(['dockerd', ...options], join(folder, `logs/${this.name}-dockerd.log`))
    const deadline = performance.now() + DOCKER_TIMEOUT_MS
    while (!(await this.#hasDocker())) {
      if (dockerd.hasEnded || performance.now() > deadline)
        throw new Error(`no Docker on ${this.name}:\n${dockerd.logTail()}`)
      await sleep(100)
    }
    await this.#loadPause()
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
      '--container-runtime=docker',
      '--docker-endpoint=unix:///run/docker.sock',
      '--network-plugin=',
      `--pod-infra-container-image=${PAUSE_IMAGE}`,
      '--minimum-container-ttl-duration=0',
      '--maximum-dead-containers-per-container=0',
      '--v=2',
    ]
    const log = join(folder, `logs/${this.name}-kubelet.log`)
    this.#kubelet = this.#open.start([join(programs, 'kubelet'), ...options], log)
  }

  /** Ends the kubelet alone; containers go on. */
  async endKubelet(): Promise<void> {
    await this.#kubelet?.end('SIGKILL')
  }

  /** Whether it has power; its parts may still be starting. */
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

  /** Returns the names of the containers that run, by its Docker engine, also while its cable is pulled. */
  async runningContainers(): Promise<string[]> {
    const { stdout } = await exec('docker', ['--host', this.docker, 'ps', '--format', '{{.Names}}'])
    return stdout.split('\n').filter(Boolean)
  }

  /** Removes the containers whose names contain this, running or not, without the knowledge of the kubelet. */
  async removeContainers(name: string): Promise<void> {
    const remove = 'docker --host "$1" ps --all --quiet --filter "name=$2" | xargs docker --host "$1" rm --force'
    await exec('bash', ['-o', 'pipefail', '-c', remove, 'bash', this.docker, name])
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
  async load(image: string): Promise<void> {
    const pipe = 'docker save "$1" | docker --host "$2" load --quiet'
    await exec('bash', ['-o', 'pipefail', '-c', pipe, 'bash', image, this.docker])
  }

  get #open(): Namespaces {
    if (this.#namespaces === null) throw new Error(`${this.name} is off`)
    return this.#namespaces
  }

  async #hasDocker(): Promise<boolean> {
    const asked = exec('docker', ['--host', this.docker, 'version', '--format', '{{.Server.Version}}'])
    return asked.then(({ stdout }) => stdout.trim() !== '').catch(() => false)
  }

  async #loadPause(): Promise<void> {
    const pack = 'tar --create --directory "$1" pause | docker --host "$2" import --change "$3" - "$4"'
    const args = [this.#place.programs, this.docker, 'ENTRYPOINT ["/pause"]', PAUSE_IMAGE]
    await exec('bash', ['-o', 'pipefail', '-c', pack, 'bash', ...args])
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
