import type { ContainerSpec, Reach } from '../../domain/container.ts'
import { type DatabaseMark, managerOf } from '../../domain/database-mark.ts'
import type { Ipv4Block } from '../../domain/text/ipv4-block.ts'
import type { Engine, EngineListing, ExecRequest, ExecResult, Observed } from '../../ports/engine.ts'
import type { GuestAgent, GuestLines } from '../../ports/guest.ts'
import { DATABASE_LABEL, FIREWALL_LABEL, INSTANCE_LABEL } from '../labels.ts'
import type { ContainerInfo } from './api/types.ts'
import { Abandoned } from './api/abandoned.ts'
import { Blocklist } from './firewall/blocklist.ts'
import { connect, type Docker } from './api/client.ts'
import { createGeneration } from './container/create.ts'
import { KillQueue } from './kill-queue.ts'
import { Requests, DEADLINES_MS, type Deadlines } from './api/requests.ts'
import { execute } from './api/exec.ts'
import { Facts } from './api/facts.ts'
import { assertFullId, shortId } from './api/ids.ts'
import { killForGood } from './container/kill.ts'
import { FirewallShell } from './firewall/shell.ts'
import { Ledger } from './ledger/ledger.ts'
import { PreparedImages } from './images/prepared-images.ts'
import { Guests } from './guests.ts'
import { inspectContainer } from './api/inspect.ts'
import { addressesIn, addressesOf, rejoinNetwork } from './network/network.ts'
import { bindOf, fromInspect, fromList } from './container/observed.ts'
import { listContainers } from './container/list.ts'
import { DEFAULT_RANGE } from './peers/blocks.ts'
import { PeerNetworks } from './peers/peer-networks.ts'
import { removeForGood } from './container/remove.ts'
import { startContainer } from './container/start.ts'
import { TerminalExecs } from './api/terminal-exec.ts'
import { type InstanceScope, Provisioner } from './provisioner.ts'
import { systemTimers } from '../timers.ts'
import { watchContainers } from './watch.ts'

export interface DockerOptions {
  readonly instance: string
  /** Reaches of the pools; a function where they may change. */
  readonly reaches: readonly Reach[] | (() => readonly Reach[])
  /** Addresses for the networks on which containers of one reservation reach each other. */
  readonly peerNetworks?: Ipv4Block
  /** Labels everything that the engine makes. */
  readonly database: DatabaseMark
  /** As DOCKER_HOST, by default Docker's socket; with `certificates`, as DOCKER_CERT_PATH, over TLS. */
  readonly dockerHost?: string | undefined
  readonly certificates?: string | null
  readonly deadlines?: Partial<Deadlines>
}

/** One Docker host. Connects with the first call, so it can be opened while Docker is away. */
export function openDocker(options: DockerOptions): Engine {
  const { instance, reaches, peerNetworks, database, dockerHost, certificates, deadlines } = options
  const reachesNow = () => new Set(typeof reaches === 'function' ? reaches() : reaches)
  const scope = { instance, reaches: reachesNow, range: peerNetworks ?? DEFAULT_RANGE, mark: database }
  return new DockerEngine(scope, connect(dockerHost, certificates), { ...DEADLINES_MS, ...deadlines })
}

class DockerEngine implements Engine {
  readonly traits = { restartsWithFiles: true, pauses: true, publishesPorts: true, limitsPids: true, hasImages: true }
  readonly #scope: InstanceScope
  readonly #docker: Docker
  readonly #requests: Requests
  readonly #deadlines: Deadlines
  /** Stops of the watches. */
  readonly #watches = new Set<() => void>()
  /** Ids of containers that were created here and never ran: they are still on their network. */
  readonly #unused = new Set<string>()
  readonly #blocklist = new Blocklist({
    addresses: () =>
      this.#requests.run('inspect the networks', this.#deadlines.block, (signal) =>
        addressesOf(this.#docker, this.#scope.instance, this.#scope.reaches(), signal),
      ),
    change: (block, unblock) => this.#firewallShell.change(block, unblock),
    timers: systemTimers,
  })
  readonly #killQueue = new KillQueue({
    blocklist: this.#blocklist,
    kill: (id, isUrgent) =>
      this.#requests.run(`kill ${shortId(id)}`, this.#deadlines[isUrgent ? 'kill' : 'killBlocked'], (signal) => {
        const cpus = () => this.#facts.countCpus(signal)
        return killForGood(this.#docker, assertFullId(id), { cpus, isUrgent, timers: systemTimers }, signal)
      }),
    timers: systemTimers,
  })
  readonly #abandoned = new Abandoned()
  readonly #terminals: TerminalExecs
  readonly #facts: Facts
  readonly #images: PreparedImages
  readonly #guests: Guests
  readonly agent: GuestAgent
  readonly lines?: GuestLines
  readonly #provisioner: Provisioner
  readonly #firewallShell: FirewallShell
  readonly #ledger: Ledger
  readonly #peers: PeerNetworks
  /** This instance's containers, as of the last listing or created since: by id, where sshd is published. */
  #ours = new Map<string, string | null>()

  constructor(scope: InstanceScope & { readonly range: Ipv4Block }, docker: Docker, deadlines: Deadlines) {
    const { instance, mark } = scope
    this.#scope = scope
    this.#docker = docker
    this.#requests = new Requests(docker.address)
    this.#deadlines = deadlines
    this.#terminals = new TerminalExecs(docker, this.#requests)
    this.#facts = new Facts(docker, this.#requests, deadlines)
    this.#images = new PreparedImages(docker, this.#requests, instance)
    this.#guests = new Guests(docker, this.#requests, deadlines.attach)
    this.agent = this.#guests.agent
    if (this.#guests.lines) this.lines = this.#guests.lines
    this.#provisioner = new Provisioner(docker, this.#requests, scope, deadlines)
    this.#firewallShell = new FirewallShell(docker, this.#requests, instance, deadlines.block)
    this.#peers = new PeerNetworks(docker, this.#requests, { ...scope, deadlines })
    const self = () => managerOf(mark)
    this.#ledger = new Ledger(docker, this.#requests, { instance, self, timers: systemTimers })
  }

  async provision(): Promise<void> {
    await this.#provisioner.provision()
    void this.#firewallShell.open()
    // In this order, two managers that start at once both see the other.
    await this.#ledger.open()
    await this.#ledger.read()
    // After the reading: entries of containers that are not listed now are of no use any more.
    this.#ledger.forgetAllBut(new Set((await this.#listAll()).map(({ Id }) => Id)))
  }

  async isProvisioned(): Promise<boolean> {
    return this.#ledger.isOpen() && (await this.#provisioner.isChecked())
  }

  async list(): Promise<EngineListing> {
    const [infos, peerNetworks] = await Promise.all([this.#listAll(), this.#peers.list()])
    this.#guests.update(infos)
    this.#ours = new Map(infos.map((info) => [info.Id, bindOf(info) ?? this.publishedAt(info.Id)]))
    const hasForeign = infos.some(({ Labels }) => Labels[DATABASE_LABEL] !== this.#scope.mark.id)
    // Without a firewall there is no ledger to read.
    await this.#ledger.refresh({ hasForeign, must: this.#ledger.isOpen() })
    const observed = infos.flatMap((info) => fromList(info, this.#scope.instance, this.#ledger.lent) ?? [])
    return { observed, unreachable: [], peerNetworks }
  }

  async inspect(id: string): Promise<Observed | null> {
    const info = await this.#requests.run(`inspect ${shortId(id)}`, this.#deadlines.inspect, (signal) =>
      inspectContainer(this.#docker, id, signal),
    )
    return info?.Id === id ? fromInspect(info, this.#scope.instance, this.#ledger.lent) : null
  }

  presence: Engine['presence'] = () => this.#ledger.presence
  lentTo: Engine['lentTo'] = (id) => this.#ledger.lent.get(id) ?? null
  version: Engine['version'] = () => this.#facts.version()
  publishedAt: Engine['publishedAt'] = (id) => this.#ours.get(id) ?? null
  sshAddress: Engine['sshAddress'] = (id) => this.#facts.sshAddress(id, this.#scope.instance)
  imageOf: Engine['imageOf'] = (id) => this.#facts.imageOf(id)
  imageNamed: Engine['imageNamed'] = (name) => this.#facts.imageNamed(name)
  commit: Engine['commit'] = (id, image) => this.#images.commit(id, image)
  preparedImages: Engine['preparedImages'] = (pool) => this.#images.names(pool)
  removePreparedImages: Engine['removePreparedImages'] = (keep) => this.#images.removeExcept(keep)
  diskProblem: Engine['diskProblem'] = (spec) => this.#provisioner.diskProblem(spec)
  whyDown: Engine['whyDown'] = (id) => this.#facts.whyDown(id)

  async create(spec: ContainerSpec): Promise<string> {
    const id = await this.#requests.run(`create ${spec.name}`, this.#deadlines.create, (signal) =>
      createGeneration(this.#docker, spec, { mark: this.#scope.mark, lent: this.#ledger.lent }, signal),
    )
    this.#unused.add(id)
    this.#ours.set(id, spec.bind)
    return id
  }

  async start(id: string): Promise<void> {
    const { instance } = this.#scope
    await this.#requests.run(`start ${shortId(id)}`, this.#deadlines.start, async (signal) => {
      await startContainer(this.#docker, id, { instance, ensureNetworks: () => this.#provisioner.provision() }, signal)
      if (!this.#unused.delete(id))
        await rejoinNetwork(this.#docker, id, { ...this.#scope, reaches: this.#scope.reaches() }, signal)
      // The address may be that of a container that died while it was blocked.
      for (const address of await addressesIn(this.#docker, id, signal)) await this.#blocklist.clear(address)
    })
  }

  async kill(id: string): Promise<void> {
    if (await this.#isOurs(id)) await this.#killQueue.kill(id)
  }

  async remove(id: string): Promise<void> {
    if (!(await this.#isOurs(id))) return
    this.#unused.delete(id)
    await this.#requests.run(`remove ${shortId(id)}`, this.#deadlines.remove, (signal) =>
      removeForGood(this.#docker, id, signal),
    )
    this.#ledger.forget(id)
  }

  connectPeers: Engine['connectPeers'] = (...request) => this.#peers.connect(...request)
  removePeerNetwork: Engine['removePeerNetwork'] = (id) => this.#peers.remove(id)

  async lend(ids: readonly string[], reservation: string): Promise<ReadonlySet<string>> {
    return this.#ledger.lend(ids.map(assertFullId), reservation)
  }

  async exec(id: string, request: ExecRequest): Promise<ExecResult> {
    const what = `exec ${request.command[0] ?? ''} in ${shortId(id)}`
    return this.#requests.run(what, request.timeoutMs, (signal) =>
      execute(this.#docker, assertFullId(id), request, signal, this.#abandoned),
    )
  }

  shell: Engine['shell'] = async (id, request) => this.#terminals.start(assertFullId(id), request)

  /**
   * By id: if the container is replaced meanwhile, a run does not touch its successor. The connection through the
   * docker client follows DOCKER_HOST, and with ten hosts takes two thirds of docker_api's time.
   */
  ansibleConnection(id: string): Readonly<Record<string, string>> {
    return { ansible_connection: 'community.docker.docker', ansible_host: assertFullId(id) }
  }

  watch(onChange: () => void): () => void {
    const labels = [INSTANCE_LABEL, FIREWALL_LABEL].map((name) => `${name}=${this.#scope.instance}`)
    const connectMs = this.#deadlines.watch
    const stopWatching = watchContainers({ docker: this.#docker, labels, connectMs, timers: systemTimers, onChange })
    const stop = () => {
      this.#watches.delete(stop)
      stopWatching()
    }
    this.#watches.add(stop)
    return stop
  }

  async close(): Promise<void> {
    for (const stop of this.#watches) stop()
    for (const part of [this.#guests, this.#terminals, this.#firewallShell, this.#ledger]) part.close()
    for (const part of [this.#requests, this.#abandoned, this.#docker]) part.close()
  }

  async #listAll(): Promise<readonly ContainerInfo[]> {
    return this.#requests.run('list', this.#deadlines.list, (signal) =>
      listContainers(this.#docker, `${INSTANCE_LABEL}=${this.#scope.instance}`, signal),
    )
  }

  /** Returns whether the container belongs to this instance: a copied database names containers of another one. */
  async #isOurs(id: string): Promise<boolean> {
    return this.#ours.has(id) || (await this.inspect(assertFullId(id))) !== null
  }
}
