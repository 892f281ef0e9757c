import { randomBytes, randomUUID } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import type { ContainerSpec } from '../../domain/container.ts'
import type { DatabaseMark, LiveManager } from '../../domain/database-mark.ts'
import { BerthError } from '../../domain/errors.ts'
import type { Observed, PeerNetwork, SshAddress } from '../../ports/engine.ts'
import { specDigest } from '../labels.ts'
import { MemoryNodes } from './nodes.ts'
import type { SimulatedShell } from './simulated-shell.ts'

/** Of a container without a port of the host. */
const SSH_PORT = 22

export interface MemoryContainer {
  readonly id: string
  readonly spec: ContainerSpec
  /** Digest of the spec, which never changes. */
  readonly digest: string
  /** null: an earlier version made it. */
  readonly database: string | null
  readonly origin: string | null
  readonly createdAt: number
  state: 'created' | 'running' | 'paused' | 'exited' | 'dead'
  /** Whether it was taken off its network. */
  unplugged: boolean
  /** The machine that it runs on; null: the only one, at `ssh.host`. */
  readonly node: string | null
  /** Its place on the network of a reservation; null when it is on none. */
  peers: { readonly reservation: string; readonly address: string } | null
  /** Counts starts. */
  starts: number
}

export interface MemoryHostOptions {
  readonly now: Clock
  /** Images that can be run. Any, when left out. */
  readonly images?: readonly string[]
  /** Names of machines over which containers are spread; each is reached by its name. One without a name by default. */
  readonly nodes?: readonly string[]
}

/**
 * The machine that in-memory engines share, as several managers share one Docker: one space of ports, and one of names
 * for each instance. Whatever happens to containers without their manager (a crash, someone's `docker pause`) is done
 * here, and reported to the watchers.
 */
export class MemoryHost {
  readonly #now: Clock
  readonly #baseImages: ReadonlySet<string> | null
  readonly #containers = new Map<string, MemoryContainer>()
  /** The same containers by name and by port, because there may be 100,000 of them. */
  readonly #byName = new Map<string, Set<MemoryContainer>>()
  readonly #byPort = new Map<number, Set<MemoryContainer>>()
  readonly #foreignPorts = new Set<number>()
  readonly nodes: MemoryNodes
  /** Ids of containers to remove when their nodes are back. */
  readonly #condemned = new Set<string>()
  /** Prepared images by name, the oldest first. */
  readonly images = new Map<string, { readonly instance: string; readonly pool: string }>()
  /** Reservations by id of the container. */
  readonly lent = new Map<string, string>()
  readonly abandoned = new Set<string>()
  /** By the engine object of each. */
  readonly managers = new Map<object, LiveManager>()
  /** By the engine object of each. */
  readonly listeners = new Map<object, (id: string, line: string) => void>()
  /** By id. */
  readonly peerNetworks = new Map<string, { readonly instance: string; readonly network: PeerNetwork }>()
  /** By id of the container. */
  readonly #shells = new Map<string, Set<SimulatedShell>>()
  ledger: string = randomUUID()
  /** A server of this machine that stands for the sshd of every container; null: none of them can be reached. */
  sshd: SshAddress | null = null
  readonly #watchers = new Set<{ readonly instance: string; readonly onChange: () => void }>()

  constructor({ now, images, nodes = [] }: MemoryHostOptions) {
    this.#now = now
    this.nodes = new MemoryNodes(nodes, now)
    this.#baseImages = images === undefined ? null : new Set(images)
  }

  /** Number of containers. */
  get size(): number {
    return this.#containers.size
  }

  find(id: string): MemoryContainer | undefined {
    return this.#containers.get(id)
  }

  /** Returns the container with the name, of any instance if `instance` is left out. */
  holderOf(name: string, instance?: string): MemoryContainer | undefined {
    return [...(this.#byName.get(name) ?? [])].find(
      ({ id, spec }) => (instance ?? spec.instance) === spec.instance && !this.#condemned.has(id),
    )
  }

  all(): MemoryContainer[] {
    return [...this.#containers.values()]
  }

  add(spec: ContainerSpec, mark: Pick<DatabaseMark, 'id' | 'origin'> | null): MemoryContainer {
    if (this.#baseImages?.has(spec.image) === false && !this.images.has(spec.image)) {
      throw new BerthError('image_missing', `no such image: ${spec.image}`)
    }
    const id = randomBytes(32).toString('hex')
    const database = { database: mark?.id ?? null, origin: mark?.origin ?? null }
    const createdAt = this.#now()
    const node = this.nodes.place(this.#containers.size)
    const fresh = { state: 'created', unplugged: false, peers: null, starts: 0 } as const
    const container: MemoryContainer = { id, spec, digest: specDigest(spec), ...database, createdAt, node, ...fresh }
    this.#containers.set(id, container)
    addTo(this.#byName, spec.name, container)
    if (spec.port !== undefined) addTo(this.#byPort, spec.port, container)
    return container
  }

  delete(id: string): void {
    const container = this.#containers.get(id)
    if (container !== undefined && !this.reaches(container.node)) {
      this.#condemned.add(id)
      return
    }
    this.#condemned.delete(id)
    this.#containers.delete(id)
    if (container !== undefined) {
      removeFrom(this.#byName, container.spec.name, container)
      removeFrom(this.#byPort, container.spec.port, container)
    }
    this.lent.delete(id)
    this.endShells(id)
  }

  addShell(id: string, shell: SimulatedShell): void {
    const here = this.#shells.get(id) ?? new Set()
    this.#shells.set(id, here.add(shell))
    void shell.ended.then(() => here.delete(shell))
  }

  /** Ends all shells of a container that goes down. */
  endShells(id: string): void {
    for (const shell of this.#shells.get(id) ?? []) shell.end(137)
    this.#shells.delete(id)
  }

  /** The reservation that has it, which is the first one that asked. */
  lend(id: string, reservation: string): string {
    const holder = this.lent.get(id) ?? reservation
    this.lent.set(id, holder)
    return holder
  }

  observe(container: MemoryContainer): Observed {
    const { id, spec, digest, database, origin, state, unplugged, createdAt, node, starts } = container
    const { name, pool, generation } = spec
    const isUp = state === 'running' || state === 'paused'
    const port = isUp && !unplugged ? (spec.port ?? SSH_PORT) : null
    const peers = container.peers && { ...container.peers, attachment: isUp ? `${id} ${starts}` : null }
    const made = { name, pool, generation, spec: digest, database, origin, createdAt }
    return { id, ...made, host: node, port, node, state, lentTo: this.lent.get(id) ?? null, peers }
  }

  /** Whether a program or a running container has the port on an overlapping address. */
  isTaken({ bind, port }: ContainerSpec): boolean {
    const overlaps = (other: string) => other === bind || other === '0.0.0.0' || bind === '0.0.0.0'
    if (port === undefined) return false
    const reached = [...(this.#byPort.get(port) ?? [])].filter(({ node }) => this.reaches(node))
    const running = reached.filter(({ state }) => state === 'running' || state === 'paused')
    return this.#foreignPorts.has(port) || running.some(({ spec }) => overlaps(spec.bind))
  }

  reaches(node: string | null): boolean {
    return this.nodes.reaches(node)
  }

  /** The engine loses a node. The containers there go on running. */
  lose(node: string): void {
    this.nodes.lose(node)
  }

  /** The node is back; the engine removes what it was told to remove in the meantime. */
  regain(node: string): void {
    this.nodes.regain(node)
    for (const id of this.#condemned) this.delete(id)
  }

  /** Plays a program in the container that sends a line to the manager. */
  send(id: string, line: string): void {
    for (const listener of this.listeners.values()) listener(id, line)
  }

  /** A program on the host takes the port. */
  occupy(port: number): void {
    this.#foreignPorts.add(port)
  }

  vacate(port: number): void {
    this.#foreignPorts.delete(port)
  }

  /** Something other than the manager changes a container, or takes it off its network; null removes it. */
  disturb(id: string, state: MemoryContainer['state'] | 'unplugged' | null): void {
    const container = this.#containers.get(id)
    if (container === undefined) return
    if (state === null) this.delete(id)
    else if (state === 'unplugged') container.unplugged = true
    else {
      if (state === 'running' && container.state === 'exited') container.starts += 1
      container.state = state
    }
    if (state === 'exited') this.endShells(id)
    for (const { instance, onChange } of this.#watchers) {
      if (instance === container.spec.instance) setImmediate(onChange)
    }
  }

  watch(instance: string, onChange: () => void): () => void {
    const watcher = { instance, onChange }
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }
}

function addTo<K>(index: Map<K, Set<MemoryContainer>>, key: K, container: MemoryContainer): void {
  index.set(key, (index.get(key) ?? new Set()).add(container))
}

function removeFrom<K>(index: Map<K, Set<MemoryContainer>>, key: K | undefined, container: MemoryContainer): void {
  if (key === undefined) return
  const rest = index.get(key)
  rest?.delete(container)
  if (rest?.size === 0) index.delete(key)
}
