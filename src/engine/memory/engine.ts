import type { ContainerSpec } from '../../domain/container.ts'
import { randomUUID } from 'node:crypto'
import { type DatabaseMark, managerOf } from '../../domain/database-mark.ts'
import { BerthError } from '../../domain/errors.ts'
import type {
  Engine,
  EngineListing,
  ExecRequest,
  ExecResult,
  PreparedImage,
  Observed,
  PeerMember,
  PeerNetwork,
  Presence,
} from '../../ports/engine.ts'
import type { GuestLines } from '../../ports/guest.ts'
import type { Shell, ShellRequest } from '../../ports/shell.ts'
import type { MemoryContainer, MemoryHost } from './host.ts'
import { type ExecHandler, withinDeadline } from './deadline.ts'
import { SimulatedShell } from './simulated-shell.ts'

export interface MemoryOptions {
  readonly instance: string
  readonly host: MemoryHost
  /** Mark of the database; written on everything that this engine creates. */
  readonly database: DatabaseMark
  /** Without it every command succeeds and says nothing. */
  readonly exec?: ExecHandler
}

/** An engine without containers, for tests and demonstrations; it passes the contract suite that Docker's passes. */
export function openMemory({ instance, host, database, exec }: MemoryOptions): Engine {
  return new MemoryEngine({ instance, host, database }, exec ?? (() => ({ code: 0, stdout: '', stderr: '' })))
}

class MemoryEngine implements Engine {
  readonly traits = { restartsWithFiles: true, pauses: true, publishesPorts: true, limitsPids: false, hasImages: true }
  diskProblem: Engine['diskProblem'] = async () => null
  nodes: NonNullable<Engine['nodes']> = async () => this.#host.nodes.describe()
  readonly #instance: string
  readonly #host: MemoryHost
  readonly #mark: DatabaseMark
  readonly #handle: ExecHandler
  readonly #watches = new Set<() => void>()
  readonly #shells = new Set<SimulatedShell>()
  #closed = false
  readonly lines: GuestLines = {
    hasRelay: async (id) => this.#find(id) !== undefined,
    listen: (ids, onLine) => {
      const wanted = new Set(ids)
      this.#host.listeners.set(this, (id, line) => {
        if (wanted.has(id) && this.#ours(id)?.state === 'running') onLine(id, line)
      })
    },
  }

  constructor({ instance, host, database }: Omit<MemoryOptions, 'exec'>, handle: ExecHandler) {
    this.#instance = instance
    this.#host = host
    this.#mark = database
    this.#handle = handle
  }

  async version(): Promise<string> {
    this.#assertOpen()
    return 'memory 1'
  }

  async provision(): Promise<void> {
    this.#assertOpen()
    this.#host.managers.set(this, managerOf(this.#mark))
    this.#host.abandoned.delete(this.#mark.id)
  }

  async isProvisioned(): Promise<boolean> {
    this.#assertOpen()
    return this.#host.managers.get(this)?.database === this.#mark.id
  }

  async list(): Promise<EngineListing> {
    this.#assertOpen()
    const ours = this.#host.all().filter(({ spec }) => spec.instance === this.#instance)
    const reached = ours.filter(({ node }) => this.#host.reaches(node))
    const observed = reached.map((one) => this.#host.observe(one))
    return { observed, unreachable: this.#host.nodes.unreachable(), peerNetworks: this.#peerNetworks() }
  }

  presence(): Presence | null {
    const { ledger, abandoned, managers } = this.#host
    return { ledger, abandoned, managers: [...managers.values()] }
  }

  async lend(ids: readonly string[], reservation: string): Promise<ReadonlySet<string>> {
    this.#assertOpen()
    return new Set(ids.filter((id) => this.#host.lend(id, reservation) !== reservation))
  }

  lentTo: Engine['lentTo'] = (id) => this.#host.lent.get(id) ?? null
  publishedAt: Engine['publishedAt'] = (id) => this.#ours(id)?.spec.bind ?? null
  sshAddress: Engine['sshAddress'] = async (id) => (this.#find(id)?.state === 'running' ? this.#host.sshd : null)

  async inspect(id: string): Promise<Observed | null> {
    const container = this.#find(id)
    return container === undefined ? null : this.#host.observe(container)
  }

  async create(spec: ContainerSpec): Promise<string> {
    this.#assertOpen()
    const holder = this.#host.holderOf(spec.name, spec.instance)
    if (holder === undefined) return this.#host.add(spec, this.#mark).id
    const isSame = holder.spec.pool === spec.pool && holder.spec.generation === spec.generation
    const { database, lentTo } = this.#host.observe(holder)
    if (isSame && database === this.#mark.id && lentTo === null) return holder.id
    throw new BerthError('engine_conflict', `create ${spec.name}: the name is taken`)
  }

  imageOf: Engine['imageOf'] = async (id) => this.#find(id)?.spec.image ?? null
  imageNamed: Engine['imageNamed'] = async (name) => name

  async commit(id: string, { pool, name }: PreparedImage): Promise<void> {
    const container = this.#find(id)
    if (container === undefined) throw new BerthError('engine_failed', `commit ${id}: no such container`)
    if (!this.#host.images.has(name)) this.#host.images.set(name, { instance: this.#instance, pool })
  }

  async preparedImages(pool: string): Promise<readonly string[]> {
    this.#assertOpen()
    const ours = [...this.#host.images].filter(([, of]) => of.instance === this.#instance && of.pool === pool)
    return ours.map(([name]) => name).toReversed()
  }

  async removePreparedImages({ pool, name: kept }: PreparedImage): Promise<void> {
    const used = new Set([kept, ...this.#host.all().map(({ spec }) => spec.image)])
    for (const name of await this.preparedImages(pool)) if (!used.has(name)) this.#host.images.delete(name)
  }

  async whyDown(id: string): Promise<string | null> {
    const container = this.#find(id)
    return container?.state === 'exited' ? "the image's command ended with code 0, and wrote nothing" : null
  }

  async start(id: string): Promise<void> {
    const container = this.#find(id)
    if (container === undefined) throw new BerthError('engine_failed', `start ${id}: no such container`)
    if (container.state === 'dead') throw new BerthError('engine_failed', `start ${id}: the container is dead`)
    container.unplugged = false
    if (container.state === 'running') return
    if (container.state !== 'paused' && this.#host.isTaken(container.spec)) {
      throw new BerthError('engine_conflict', `start ${id}: port ${container.spec.port} is taken`)
    }
    if (container.state !== 'paused') container.starts += 1
    container.state = 'running'
  }

  async kill(id: string): Promise<void> {
    const container = this.#find(id)
    if (container?.state === 'running' || container?.state === 'paused') container.state = 'exited'
    this.#host.endShells(id)
  }

  async remove(id: string): Promise<void> {
    if (this.#ours(id) !== undefined) this.#host.delete(id)
  }

  async connectPeers(reservation: string, _size: number, members: readonly PeerMember[]): Promise<void> {
    this.#assertOpen()
    if (!this.#peerNetworks().some((network) => network.reservation === reservation)) {
      const id = randomUUID()
      const { id: database, origin } = this.#mark
      this.#host.peerNetworks.set(id, { instance: this.#instance, network: { id, reservation, database, origin } })
    }
    for (const { id, position } of members) {
      const container = this.#find(id)
      if (container === undefined) throw new BerthError('engine_failed', `connect ${id}: no such container`)
      container.peers ??= { reservation, address: `10.213.0.${position + 2}` }
    }
  }

  async removePeerNetwork(id: string): Promise<void> {
    this.#assertOpen()
    const network = this.#peerNetworks().find((one) => one.id === id)
    if (network === undefined) return
    const members = this.#host.all().filter(({ peers }) => peers?.reservation === network.reservation)
    if (members.some((one) => this.#host.observe(one).port !== null))
      throw new BerthError('engine_failed', `remove the peer network ${id}: it has members`)
    this.#host.peerNetworks.delete(id)
  }

  async exec(id: string, request: ExecRequest): Promise<ExecResult> {
    const container = this.#find(id)
    if (container?.state !== 'running') throw new BerthError('guest_failed', `container ${id} is not running`)
    return withinDeadline(request.timeoutMs, (signal) => this.#handle(this.#host.observe(container), request, signal))
  }

  async shell(id: string, request: ShellRequest): Promise<Shell> {
    const container = this.#find(id)
    if (container?.state !== 'running') throw new BerthError('guest_failed', `container ${id} is not running`)
    const shell = new SimulatedShell(request)
    this.#shells.add(shell)
    this.#host.addShell(id, shell)
    void shell.ended.then(() => this.#shells.delete(shell))
    return shell
  }

  ansibleConnection(): never {
    throw new BerthError('engine_failed', 'Ansible cannot reach containers of the memory engine')
  }

  watch(onChange: () => void): () => void {
    const stop = this.#host.watch(this.#instance, onChange)
    this.#watches.add(stop)
    return stop
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#host.managers.delete(this)
    this.#host.listeners.delete(this)
    for (const stop of this.#watches) stop()
    for (const shell of this.#shells) shell.close()
  }

  #peerNetworks(): PeerNetwork[] {
    const ours = [...this.#host.peerNetworks.values()].filter(({ instance }) => instance === this.#instance)
    return ours.map(({ network }) => network)
  }

  /** `engine_unavailable` when its node cannot be reached. */
  #find(id: string): MemoryContainer | undefined {
    const container = this.#ours(id)
    if (container === undefined || this.#host.reaches(container.node)) return container
    throw new BerthError('engine_unavailable', `the node ${container.node} cannot be reached`)
  }

  #ours(id: string): MemoryContainer | undefined {
    this.#assertOpen()
    const container = this.#host.find(id)
    return container?.spec.instance === this.#instance ? container : undefined
  }

  #assertOpen(): void {
    if (this.#closed) throw new BerthError('engine_unavailable', 'closed')
  }
}
