/**
 * What the rules need from the world. Adapters live in `engine/`, `accounts/` and `store/`; each port has one contract
 * suite in `test/contracts/` that every adapter passes. Every verb that changes something is idempotent ("already so"
 * is success) and has a deadline; failures are `BerthError`s.
 */
import type { Account } from './account.ts'
import type { ContainerSpec } from './container.ts'
import type { ErrorCode } from './errors.ts'

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
  /** Host port on which its sshd is published; null while it is down, or off its network. */
  readonly port: number | null
  readonly state: 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'removing' | 'dead'
  /** Epoch milliseconds. */
  readonly createdAt: number
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

export interface BashRequest {
  /** No process list ever shows it, so it may hold what is secret. It has nothing on its stdin. */
  readonly program: string
  /**
   * For a container that nobody has ever had, which makes this much faster: whether that stays so. With "ends", nothing
   * that makes it fast is left inside afterwards.
   */
  readonly free?: 'stays' | 'ends'
  /** With "ends", what the program makes. Where that can be made faster without it, it is not run. */
  readonly account?: Account
  readonly timeoutMs: number
}

export interface BashResult {
  readonly code: number
  /** All that it wrote, to stdout and to stderr. */
  readonly output: string
}

/** Where containers run. An engine object serves one instance (see `berth.yml`, `instance`) and sees only its containers. */
export interface Engine {
  /** Name and version for people, e.g. "docker 20.10.24". Throws `engine_unavailable`. */
  version(): Promise<string>
  /**
   * Makes what containers need beforehand: networks, and a guard that keeps them from what they must not reach. Without
   * that none may be lent out, so whatever it cannot make is an error. From then on `list` looks after it, too.
   */
  prepare(): Promise<void>
  /** All containers of this instance, in any state, or an error: never a partial list. */
  list(): Promise<Observed[]>
  /** null when there is no such container, or none of this instance. */
  inspect(id: string): Promise<Observed | null>
  /**
   * Makes one generation, not started, and gives its id. When exactly this generation exists, gives that one's id.
   * Another container with the name, ours or not, is `engine_conflict`; an unknown image is `image_missing`.
   */
  create(spec: ContainerSpec): Promise<string>
  /** Makes it run and be reached, also when it was paused, or taken off its network. A port that something else holds is `engine_conflict`. */
  start(id: string): Promise<void>
  /** SIGKILL to everything inside; nobody is in afterwards, and it stays down until started. Stopped or gone is success. */
  kill(id: string): Promise<void>
  /** Removes it with its anonymous volumes, running or not. Gone is success. */
  remove(id: string): Promise<void>
  /** `guest_failed` when the container is not running, `engine_unavailable` past the deadline. */
  exec(id: string, request: ExecRequest): Promise<ExecResult>
  /** Runs a program of bash; errors as of `exec`. */
  runBash(id: string, request: BashRequest): Promise<BashResult>
  /**
   * Containers that nobody has, first those that are to be lent out first. What makes `runBash` in a free container even faster
   * takes room: it is made ready for as many of these as there is room for, and for no others. Returns at once, and never fails.
   */
  arm(ids: readonly string[]): void
  /** Calls `onChange` soon after a container of ours changed outside our calls, or the engine went or came back. Returns the stop. */
  watch(onChange: () => void): () => void
  close(): Promise<void>
}

/** A running container, for what happens inside it. */
export interface Target {
  readonly id: string
  readonly name: string
}

/** What is found inside a container whose sshd answers. */
export interface Guest {
  /** Fingerprint of the ed25519 host key, as ssh prints it: "SHA256:…". */
  readonly hostKey: string
  /** PRETTY_NAME of its os-release. */
  readonly os: string
  /** Every user and group name; an account cannot take one of these. */
  readonly names: readonly string[]
  /** User names with a human's uid (1000–59999): on an adopted container, a sign that it was used. */
  readonly humans: readonly string[]
}

/** What is said inside containers to the holder of an account. */
export interface Announcement {
  readonly username: string
  /** For whoever logs in from now on; ends with a line feed. */
  readonly motd: string
  /** For the terminals that are open. */
  readonly line: string
}

/** Per target name: null for done, or why not. One failing container never hides the outcome of another. */
export type Outcomes = ReadonlyMap<string, Error | null>

/** Accounts and everything else that is done inside containers. */
export interface Accounts {
  /** Longest that `open` may take, in milliseconds. */
  readonly deadlineMs: number
  /**
   * Waits until sshd answers, then looks around. `guest_failed` when it does not answer within `timeoutMs`. `fresh`:
   * nobody was ever let in, and what `open` needs may be made ready.
   */
  survey(target: Target, how: { readonly timeoutMs: number; readonly fresh: boolean }): Promise<Guest>
  /**
   * Makes the account in every target, able to log in when this returns. An account that is there already is brought up to
   * date. `fresh`: as far as is known, nobody was ever let in.
   */
  open(targets: readonly Target[], account: Account, how: { readonly fresh: boolean }): Promise<Outcomes>
  /**
   * Rewrites /etc/motd and writes the line to every open terminal of the account. One that takes no output (stopped, or
   * nobody reads it) is passed over within a second or so, whatever else a tenant has made of the container.
   */
  tell(targets: readonly Target[], announcement: Announcement): Promise<Outcomes>
  /** Runs a pool's own playbook on new containers, all in one run. The error names the failing task. */
  prepare(targets: readonly Target[], playbook: string): Promise<Outcomes>
}

/** SHA-512 crypt ("$6$…") of a password; with fewer rounds when it is random, and nobody's choice. */
export type HashPassword = (password: string, random?: boolean) => Promise<string>

export interface Log {
  debug(message: string, fields?: object): void
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
}

/** What is worth knowing the duration of. */
export type Timed = 'reserve' | 'queue' | 'revoke' | 'adopt' | 'build' | 'prepare' | 'recycle' | 'restore'

/** Counts what happens, for whoever watches the manager; never waits and never fails. */
export interface Metrics {
  /** How long something took that succeeded, in milliseconds. Cutting access counts from when it was due. */
  observe(what: Timed, ms: number): void
  /** Work in the engine or inside a container failed; maybe it will be tried again. */
  failure(code: ErrorCode): void
}
