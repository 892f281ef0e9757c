/** Port to what happens inside containers: accounts, notifications, playbooks. */
import type { Account } from '../domain/account.ts'

/** A running container. */
export interface Target {
  readonly id: string
  readonly name: string
}

/** What a survey finds inside a container whose sshd answers. */
export interface Guest {
  /** Fingerprint of the ed25519 host key, as ssh prints it: "SHA256:…". */
  readonly hostKey: string
  /** The key itself: "ssh-ed25519 AAAA…"; null if it is not a valid one. */
  readonly hostPublicKey: string | null
  /** PRETTY_NAME of its os-release. */
  readonly os: string
  /** Every user and group name; an account cannot take one of these. */
  readonly names: readonly string[]
}

/** What a container must be good for before it is ready. */
export interface Purpose {
  /** Whether accounts may become root inside, without a password. */
  readonly sudo: boolean
  /** The playbook that has run on it; null for none. */
  readonly prepare: string | null
}

/** A notification of the holder of an account, inside containers. */
export interface NotificationText {
  readonly username: string
  /** Shown at each login from now on; ends with a line feed. */
  readonly motd: string
  /** For the file that the session commands read. */
  readonly session: string
  /** Written to the terminals that are open. */
  readonly line: string
}

/** The answer to a request of a session command. */
export interface SessionAnswer {
  /** Id of the request. The command that sent it waits for an answer with this id. */
  readonly id: string
  readonly isDone: boolean
  /** One line. */
  readonly text: string
}

/** The name by which peers reach a container. */
export interface PeerName {
  readonly name: string
  /** On the network of their reservation. */
  readonly address: string
}

/** By target name: null on success, otherwise the error. One failing container never hides the outcome of another. */
export type Outcomes = ReadonlyMap<string, Error | null>

/** Accounts, and everything else that Berth does inside containers. */
export interface Accounts {
  /** Maximum duration of `createAccounts`, in milliseconds. */
  readonly deadlineMs: number
  /**
   * Waits until sshd answers, then reads the container's names, host key and distribution. `guest_failed` if it does
   * not answer within `timeoutMs`. `fresh`: the container was never lent, and may be prepared for `createAccounts`.
   * With a `purpose` it resolves only when `createAccounts` will succeed and a login will work, with a host key that no
   * other container has; `image_unfit` if that is impossible.
   */
  survey(
    target: Target,
    how: { readonly timeoutMs: number; readonly fresh: boolean; readonly purpose?: Purpose },
  ): Promise<Guest>
  /**
   * Creates the account in every target; logins work when this resolves. An account that exists is brought up to date.
   * `fresh`: as far as the manager knows, the container was never lent.
   */
  createAccounts(targets: readonly Target[], account: Account, how: { readonly fresh: boolean }): Promise<Outcomes>
  /**
   * Rewrites /etc/motd and the file of the session commands, and writes the line to every open terminal of the account.
   * A terminal that takes no output is skipped after about a second, whatever else a tenant has changed in the
   * container.
   */
  notify(targets: readonly Target[], notification: NotificationText): Promise<Outcomes>
  /**
   * Writes a host certificate into each target, by the content of a certificate file. sshd presents it at every later
   * login; open sessions stay open.
   */
  writeHostCertificates(certificates: ReadonlyMap<Target, string>): Promise<Outcomes>
  /** Shows the answer to the session command that waits for it. `guest_failed`, `engine_unavailable`. */
  answer(target: Target, answer: SessionAnswer): Promise<void>
  /**
   * Writes the names of all containers of a reservation into /etc/hosts of each target, in place of those that were
   * written before. What a tenant has added stays.
   */
  writePeerNames(targets: readonly Target[], peers: readonly PeerName[]): Promise<Outcomes>
  /** Returns a text that changes when a pool's own playbook does; never rejects. */
  playbookVersion(playbook: string): Promise<string>
  /**
   * Returns 12 hexadecimal digits that change with the result of `prepare` on a base image: with the contents of the
   * playbook's files, and with the base.
   */
  preparationDigest(playbook: string, base: string): Promise<string>
  /** Runs a pool's own playbook on new containers, all in one run. The error names the failing task. */
  prepare(targets: readonly Target[], playbook: string): Promise<Outcomes>
  /**
   * Removes from a container that becomes an image what every container must have of its own: host keys that were
   * generated in it, and traces of the agent. `guest_failed`.
   */
  generalize(target: Target): Promise<void>
}

/**
 * Returns SHA-512 crypt ("$6$…") of a password; with fewer rounds if the password is random instead of chosen by a
 * person.
 */
export type HashPassword = (password: string, random?: boolean) => Promise<string>
