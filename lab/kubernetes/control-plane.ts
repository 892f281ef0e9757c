/** The parts of a cluster that all nodes share: etcd, API server, controller manager and scheduler. */
import { mkdirSync, readFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import { untilAnswering } from './answering.ts'
import type { Certificates } from './certificates.ts'
import type { Namespaces, Program } from './namespaces.ts'

export const ETCD = 'http://127.0.0.1:2379'
const ISSUER = 'https://kubernetes.default.svc'

export interface Place {
  readonly namespaces: Namespaces
  readonly certificates: Certificates
  /** Folder of the programs. */
  readonly programs: string
  /** Folder of the cluster. */
  readonly folder: string
  readonly address: string
}

/** The API server: it can be killed and started again, as in an upgrade or a crash. */
export class ApiServer {
  readonly #place: Place
  #program: Program | null = null

  constructor(place: Place) {
    this.#place = place
  }

  get url(): string {
    return `https://${this.#place.address}:6443`
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const { namespaces, programs, folder } = this.#place
    const command = [join(programs, 'kube-apiserver'), ...this.#options()]
    const program = namespaces.start(command, join(folder, 'logs/apiserver.log'))
    this.#program = program
    await untilAnswering(program, 'the API server', () => this.#assertReady())
  }

  /** Kills it at once: connections are reset. */
  async kill(): Promise<void> {
    await this.#program?.end('SIGKILL')
  }

  /** SIGSTOP: connections stay open, and nothing is answered. SIGCONT: it goes on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#program?.signal(signal)
  }

  #assertReady(): Promise<void> {
    const { certificates } = this.#place
    const read = (name: string) => readFileSync(certificates.path(name))
    const identity = { ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') }
    return new Promise((resolve, reject) => {
      get(`${this.url}/readyz`, { ...identity, agent: false, signal: AbortSignal.timeout(5_000) }, (response) => {
        response.resume()
        if (response.statusCode === 200) resolve()
        else reject(new Error(`HTTP ${response.statusCode}`))
      }).on('error', reject)
    })
  }

  #options(): string[] {
    const { certificates, address } = this.#place
    const file = (name: string) => certificates.path(name)
    return [
      `--bind-address=${address}`,
      `--advertise-address=${address}`,
      '--secure-port=6443',
      '--insecure-port=0',
      `--etcd-servers=${ETCD}`,
      `--client-ca-file=${file('ca.crt')}`,
      `--tls-cert-file=${file('apiserver.crt')}`,
      `--tls-private-key-file=${file('apiserver.key')}`,
      `--kubelet-client-certificate=${file('kubelet-client.crt')}`,
      `--kubelet-client-key=${file('kubelet-client.key')}`,
      `--kubelet-certificate-authority=${file('ca.crt')}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      `--service-account-key-file=${file('sa.pub')}`,
      `--service-account-signing-key-file=${file('sa.key')}`,
      `--service-account-issuer=${ISSUER}`,
      '--service-cluster-ip-range=10.250.0.0/16',
      '--profiling=false',
      // A pod of a lost node is deleted after this time, and not after five minutes.
      '--default-not-ready-toleration-seconds=10',
      '--default-unreachable-toleration-seconds=10',
    ]
  }
}

/** Starts etcd. Its data are in memory, because nothing of a cluster outlives it. */
export async function startEtcd({ namespaces, programs, folder }: Place): Promise<void> {
  const data = join(folder, 'etcd')
  mkdirSync(data)
  await namespaces.run('mount', '-t', 'tmpfs', '-o', 'mode=700', 'tmpfs', data)
  const peer = 'http://127.0.0.1:2380'
  const clients = ['--listen-client-urls', ETCD, '--advertise-client-urls', ETCD]
  const peers = ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `one=${peer}`]
  const command = [join(programs, 'etcd'), '--name', 'one', '--data-dir', data, ...clients, ...peers]
  namespaces.start(command, join(folder, 'logs/etcd.log'))
}

export function startControllers({ namespaces, certificates, programs, folder }: Place): void {
  const manager = certificates.path('controller-manager.kubeconfig')
  const scheduler = certificates.path('scheduler.kubeconfig')
  const common = (kubeconfig: string) => [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    '--port=0',
    '--leader-elect=false',
  ]
  const managerOptions = [
    '--use-service-account-credentials',
    `--service-account-private-key-file=${certificates.path('sa.key')}`,
    `--root-ca-file=${certificates.path('ca.crt')}`,
    // A node that is lost becomes NotReady after this time, and not after 40 seconds.
    '--node-monitor-grace-period=20s',
  ]
  const log = (name: string) => join(folder, `logs/${name}.log`)
  const managerCommand = [join(programs, 'kube-controller-manager'), ...common(manager), ...managerOptions]
  namespaces.start(managerCommand, log('controller-manager'))
  namespaces.start([join(programs, 'kube-scheduler'), ...common(scheduler)], log('scheduler'))
}
