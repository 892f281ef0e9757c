/** Docker, which a kubelet of 1.20 drives without further programs. Its bridge connects the pods of the node. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Namespaces } from '../namespaces.ts'
import type { Runtime, RuntimePlace } from './runtime.ts'
import { untilAnswering } from '../answering.ts'

const exec = promisify(execFile)
const SOCKET = '/run/docker.sock'
/** Image of the first container of each pod, which holds the pod's network. */
const PAUSE_IMAGE = 'berth-kubernetes-pause:local'

/** Returns the address of the Docker engine of the node in this folder, for DOCKER_HOST. */
export function dockerHost(folder: string): string {
  return `unix://${folder}${SOCKET}`
}

/**
 * Removes the containers of a pod, running or not. The kubelet is not told. Only with Docker: the part of containerd
 * that serves the kubelet remembers containers that another client has removed.
 */
export async function removeContainers(host: string, pod: string): Promise<void> {
  const remove =
    'docker --host "$1" ps --all --quiet --filter "name=_$2_" | xargs --no-run-if-empty docker --host "$1" rm --force'
  await exec('bash', ['-o', 'pipefail', '-c', remove, 'bash', host, pod])
}

export class Docker implements Runtime {
  readonly kubeletOptions = [
    '--container-runtime=docker',
    `--docker-endpoint=unix://${SOCKET}`,
    '--network-plugin=',
    `--pod-infra-container-image=${PAUSE_IMAGE}`,
    '--minimum-container-ttl-duration=0',
    '--maximum-dead-containers-per-container=0',
  ]
  readonly #place: RuntimePlace
  /** Address of the engine as seen from this machine, for DOCKER_HOST. */
  readonly #host: string

  constructor(place: RuntimePlace) {
    this.#place = place
    this.#host = dockerHost(place.folder)
  }

  async start(namespaces: Namespaces): Promise<void> {
    const { folder, log, node, pods } = this.#place
    const config = join(folder, 'daemon.json')
    writeFileSync(config, '{}')
    const options = [
      `--bip=${pods.gateway}`,
      '--iptables=false',
      '--ip-masq=false',
      `--config-file=${config}`,
      '--exec-opt=native.cgroupdriver=cgroupfs',
      `--host=unix://${SOCKET}`,
      '--pidfile=/run/docker.pid',
    ]
    const dockerd = namespaces.start(['dockerd', ...options], log)
    await untilAnswering(dockerd, `Docker on ${node}`, () => exec('docker', ['--host', this.#host, 'version']))
    await this.#loadPause()
  }

  async load(image: string): Promise<void> {
    const pipe = 'docker save "$1" | docker --host "$2" load --quiet'
    await exec('bash', ['-o', 'pipefail', '-c', pipe, 'bash', image, this.#host])
  }

  async runningContainers(): Promise<string[]> {
    const { stdout } = await exec('docker', ['--host', this.#host, 'ps', '--format', '{{.Names}}'])
    return stdout.split('\n').filter(Boolean)
  }

  async #loadPause(): Promise<void> {
    const pack = 'tar --create --directory "$1" pause | docker --host "$2" import --change "$3" - "$4"'
    const args = [this.#place.programs, this.#host, 'ENTRYPOINT ["/pause"]', PAUSE_IMAGE]
    await exec('bash', ['-o', 'pipefail', '-c', pack, 'bash', ...args])
  }
}
