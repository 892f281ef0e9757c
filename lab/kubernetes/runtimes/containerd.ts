/** containerd with the standard CNI plugins, as on most clusters. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Namespaces } from '../namespaces.ts'
import type { Runtime, RuntimePlace } from './runtime.ts'
import { untilAnswering } from '../answering.ts'

const exec = promisify(execFile)
const SOCKET = '/run/containerd/containerd.sock'
/** Namespace of containerd in which the kubelet keeps its containers. */
const NAMESPACE = 'k8s.io'
/** Label of a container whose value is the name of its pod. */
const POD_LABEL = 'io.kubernetes.pod.name'

export class Containerd implements Runtime {
  readonly kubeletOptions = ['--container-runtime=remote', `--container-runtime-endpoint=unix://${SOCKET}`]
  readonly #place: RuntimePlace
  /**
   * Image of the first container of each pod, which holds the pod's network. It is named after the node, because this
   * machine's Docker makes the images of all nodes.
   */
  readonly #pauseImage: string

  constructor(place: RuntimePlace) {
    this.#place = place
    this.#pauseImage = `berth-kubernetes-pause:${place.node}`
  }

  async start(namespaces: Namespaces): Promise<void> {
    const { folder, log, node } = this.#place
    const networks = join(folder, 'networks')
    mkdirSync(networks, { recursive: true })
    writeFileSync(join(networks, 'pods.conflist'), JSON.stringify(this.#network()))
    const config = join(folder, 'containerd.toml')
    writeFileSync(config, this.#config(networks))
    const containerd = namespaces.start(['containerd', '--config', config], log)
    await untilAnswering(containerd, `containerd on ${node}`, () => this.#ctr('plugins', 'list'))
    await this.#loadPause()
  }

  async load(image: string): Promise<void> {
    const pipe = 'docker save "$1" | ctr --address "$2" --namespace "$3" images import -'
    await exec('bash', ['-o', 'pipefail', '-c', pipe, 'bash', image, this.#socket, NAMESPACE])
  }

  async runningContainers(): Promise<string[]> {
    const running = (await this.#ctr('tasks', 'list'))
      .split('\n')
      .map((line) => line.split(/\s+/))
      .flatMap(([id, , state]) => (id && state === 'RUNNING' ? [id] : []))
    return Promise.all(running.map(async (id) => `${id}_${await this.#podOf(id)}_`))
  }

  async #podOf(id: string): Promise<string | undefined> {
    const { Labels } = JSON.parse(await this.#ctr('containers', 'info', id)) as { Labels: Record<string, string> }
    return Labels[POD_LABEL]
  }

  get #socket(): string {
    return join(this.#place.folder, SOCKET)
  }

  async #ctr(...args: string[]): Promise<string> {
    const { stdout } = await exec('ctr', ['--address', this.#socket, '--namespace', NAMESPACE, ...args])
    return stdout
  }

  async #loadPause(): Promise<void> {
    const pack = 'tar --create --directory "$1" pause | docker import --change "$2" - "$3"'
    const args = [this.#place.programs, 'ENTRYPOINT ["/pause"]', this.#pauseImage]
    await exec('bash', ['-o', 'pipefail', '-c', pack, 'bash', ...args])
    await this.load(this.#pauseImage)
    await exec('docker', ['rmi', this.#pauseImage])
  }

  #config(networks: string): string {
    return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "${SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/library/${this.#pauseImage}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${this.#place.programs}"
    conf_dir = "${networks}"
`
  }

  #network(): object {
    const { gateway, range } = this.#place.pods
    const ranges = [[{ subnet: range, gateway: gateway.split('/')[0] }]]
    const ipam = { type: 'host-local', ranges, routes: [{ dst: '0.0.0.0/0' }] }
    const bridge = { type: 'bridge', bridge: 'pods', isGateway: true, ipMasq: false, ipam }
    return { cniVersion: '0.4.0', name: 'pods', plugins: [bridge] }
  }
}
