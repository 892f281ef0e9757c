/**
 * Port to the engine. Every verb that changes something is idempotent ("already so" is success) and has a deadline;
 * failures are `BerthError`s. Each port has one contract suite in `test/contracts/` that every adapter passes.
 */
import type { ContainerSpec } from '../domain/container.ts'
import type { LiveManager } from '../domain/database-mark.ts'
import type { EngineNode } from './engine-node.ts'
import type { GuestAgent, GuestLines } from './guest.ts'
import type { Shell, ShellRequest } from './shell.ts'

/** An image that the manager makes from a container on which a pool's playbook has run. */
export interface PreparedImage {
  readonly pool: string
  readonly name: string
}

/** What an engine can do beyond what every engine must. ARCHITECTURE.md says which promises need which. */
export interface EngineTraits {
  /** A container that was killed, or whose machine restarted, starts again with its files. */
  readonly restartsWithFiles: boolean
  /** Something beside the manager can pause a container; `start` and `kill` handle that. */
  readonly pauses: boolean
  /** sshd is published on the port of the spec, which one container at a time can have. */
  readonly publishesPorts: boolean
  /** The limit of processes is enforced for each container. */
  readonly limitsPids: boolean
  /**
   * It has the images itself: `create` notices that one is missing (otherwise `start` does), and `commit` makes one.
   */
  readonly hasImages: boolean
}

/** A container's place on the network of its reservation. */
export interface PeerLink {
  readonly reservation: string
  /** Address for its peers, also while it is down; null if the engine has assigned none. */
  readonly address: string | null
  /** Differs after each start of the container; null while it is down. */
  readonly attachment: string | null
}

/** A container that becomes its reservation's peer. */
export interface PeerMember {
  readonly id: string
  /** Counted from 0. Each position has its own address, which a replacement takes over. */
  readonly position: number
}

/** A network on which the containers of one reservation reach each other. It may have no members. */
export interface PeerNetwork {
  readonly id: string
  readonly reservation: string
  /** Identity of the database whose manager made it. */
  readonly database: string | null
  /** Host and path of that database. */
  readonly origin: string | null
}

/** What the engine says about one container of ours. A fact of the moment it was listed. */
export interface Observed {
  /** The engine's own id: names one generation only, so a late call never hits its successor. */
  readonly id: string
  readonly name: string
  readonly pool: string
  /** From the label; null when `just provision` made it and no manager has handled it yet. */
  readonly generation: number | null
  /** Digest of the spec it was made from, see `engine/labels.ts`. */
  readonly spec: string
  /** The host name at which people reach it; null where that is `ssh.host` of berth.yml. */
  readonly host: string | null
  /** Name of the machine of the engine that it runs on; null when the engine is one machine. */
  readonly node: string | null
  /** Host port on which its sshd is published; null while it is down, or off its network. */
  readonly port: number | null
  readonly state: 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'removing' | 'dead'
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** Identity of the database whose manager made it; null when an earlier version made it. */
  readonly database: string | null
  /** Host and path of that database, for people and for `isGone`. */
  readonly origin: string | null
  /** The reservation that it is or was lent to, by the engine's ledger; null when it was never lent. */
  readonly lentTo: string | null
  /** Its place among its peers, also while it is down; null if it has none. */
  readonly peers: PeerLink | null
}

/** Where a program of the manager's machine reaches a container's sshd. */
export interface SshAddress {
  readonly host: string
  readonly port: number
}

/** The containers of this instance, in any state. Complete, except for those on nodes that cannot be reached. */
export interface EngineListing {
  readonly observed: readonly Observed[]
  /** Names of the nodes that the engine cannot reach now. The state of their containers is unknown. */
  readonly unreachable: readonly string[]
  /** Of this instance, whichever database they belong to. */
  readonly peerNetworks: readonly PeerNetwork[]
}

/** What the engine knows beside the containers, as of the last listing. */
export interface Presence {
  /** Identity of the ledger of lent containers. A new one has forgotten what was lent before. */
  readonly ledger: string
  /** All of this instance, this one too. */
  readonly managers: readonly LiveManager[]
  /** Identities of databases that were removed on purpose (`just clean`): their containers can be replaced. */
  readonly abandoned: ReadonlySet<string>
}

export interface ExecRequest {
  /** No shell is involved unless the command names one. */
  readonly command: readonly string[]
  /** Written to the command's stdin, which is then closed. The only way in for anything secret. */
  readonly stdin?: string
  readonly timeoutMs: number
}

export interface ExecResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Where containers run. An engine object serves one instance (`instance` of berth.yml) and sees only its containers.
 * What it makes bears the identity of one database. For a container on a node that cannot be reached, all verbs but
 * `list`, `create`, `remove` and `lend` are `engine_unavailable`.
 */
export interface Engine {
  readonly traits: EngineTraits
  /** Name and version for people, e.g. "docker 20.10.24". Throws `engine_unavailable`. */
  version(): Promise<string>
  /**
   * Makes what containers need beforehand: networks, a firewall that keeps them from what they must not reach, and the
   * ledger of lent containers. Without these no container may be lent, so whatever cannot be made is an error. Other
   * managers see from then on that this one is alive.
   */
  provision(): Promise<void>
  /** Whether what `provision` made is there and in force; false before this manager's first `provision`. */
  isProvisioned(): Promise<boolean>
  /**
   * Returns why the engine cannot enforce `disk` of the spec, and what to do; null if it can, or if the image that it
   * needs to find out is missing. Leaves no container behind.
   */
  diskProblem(spec: ContainerSpec): Promise<string | null>
  /** Lists all containers except those on the nodes in `unreachable`. Throws rather than return a partial list. */
  list(): Promise<EngineListing>
  /** As of the last listing; null while there is no firewall container to read it from. */
  presence(): Presence | null
  /** Returns null when there is no such container of this instance. */
  inspect(id: string): Promise<Observed | null>
  /**
   * Returns where the manager reaches the container's sshd now; null while it is down, and when there is no such
   * container of this instance. Asks the engine each time, because addresses are reused.
   */
  sshAddress(id: string): Promise<SshAddress | null>
  /**
   * Returns the address of the engine's host on which a container's sshd is published, as far as this process has seen;
   * null if it has not, or if it is published nowhere.
   */
  publishedAt(id: string): string | null
  /** Returns the engine's id of the image that a container was made from; null when there is no such container. */
  imageOf(id: string): Promise<string | null>
  /** Returns the engine's id of the image that has this name now; null when there is none. */
  imageNamed(name: string): Promise<string | null>
  /**
   * Makes a prepared image from the files of a stopped container. It bears no labels that mark containers of ours. An
   * image that already has the name stays as it is.
   */
  commit(id: string, image: PreparedImage): Promise<void>
  /** Returns the names of a pool's prepared images, the newest first. */
  preparedImages(pool: string): Promise<readonly string[]>
  /** Removes a pool's prepared images except this one and those that containers use. */
  removePreparedImages(keep: PreparedImage): Promise<void>
  /**
   * Returns how the container's main command ended, with its last line of output; null when it has not ended lately.
   */
  whyDown(id: string): Promise<string | null>
  /**
   * Makes one generation, not started, and returns its id. When this database's manager has made exactly this
   * generation and it was never lent, returns that one's id. `engine_conflict` if any other container of the instance
   * has the name, or anything else has the name that the engine gives the container. Containers of different instances
   * may have the same name. An unknown image is `image_missing`. An engine may place and start it at once.
   */
  create(spec: ContainerSpec): Promise<string>
  /**
   * Starts the container and connects it to its network, even if it was paused or disconnected. Resolves when it runs.
   * Throws `engine_conflict` if its port is taken.
   */
  start(id: string): Promise<void>
  /**
   * Sends SIGKILL to every process; the container stays down until started. Without the trait `restartsWithFiles` it is
   * gone. Succeeds if it is stopped, gone or another instance's.
   */
  kill(id: string): Promise<void>
  /**
   * Removes it with its anonymous volumes, running or not. Gone is success. On a node that cannot be reached it
   * resolves at once, and the engine removes the container when the node is back.
   */
  remove(id: string): Promise<void>
  /**
   * Makes the network of a reservation of `size` containers unless it exists, and connects running members to it. There
   * they reach each other and nothing else. Connects every member that can be connected, then rejects if one failed.
   */
  connectPeers(reservation: string, size: number, members: readonly PeerMember[]): Promise<void>
  /** Removes a network without running members. Resolves if it is gone; `engine_failed` while it has members. */
  removePeerNetwork(id: string): Promise<void>
  /**
   * Records that containers are lent to a reservation, before access is given. Resolves when the engine has it;
   * returns the ids of those that are lent to another reservation already, which must be left alone.
   * `engine_unavailable`.
   */
  lend(ids: readonly string[], reservation: string): Promise<ReadonlySet<string>>
  /**
   * Returns the reservation that a container is lent to, as far as this process has seen the ledger; null when to none.
   */
  lentTo(id: string): string | null
  /** `guest_failed` when the container is not running, `engine_unavailable` past the deadline. */
  exec(id: string, request: ExecRequest): Promise<ExecResult>
  /**
   * Starts a command on a terminal of its own, as a user of the container. `guest_failed` when the container is not
   * running, `engine_unavailable` past the deadline, `engine_failed` for root and for names that no account can have.
   */
  shell(id: string, request: ShellRequest): Promise<Shell>
  /**
   * Returns the connection variables of an Ansible inventory, such as `ansible_connection`, that reach the container.
   */
  ansibleConnection(id: string): Readonly<Record<string, string>>
  /** Returns the machines of the engine, by name; null if it is one machine. Absent where it always is. */
  nodes?(): Promise<readonly EngineNode[] | null>
  /** Absent on engines that cannot do better than `exec`. */
  readonly agent?: GuestAgent
  /** Absent on engines whose containers cannot send lines. */
  readonly lines?: GuestLines
  /**
   * Calls `onChange` soon after a container of ours changed outside our calls, or the engine went or came back. Returns
   * a function that stops it.
   */
  watch(onChange: () => void): () => void
  close(): Promise<void>
}
