/** Accounts in containers of the memory engine, for tests and demonstrations. */
import type { Account } from '../domain/account.ts'
import { createHash } from 'node:crypto'
import { BerthError } from '../domain/errors.ts'
import type { Engine } from '../ports/engine.ts'
import { hostKeyOf } from './host-key.ts'
import type { Accounts, Guest, NotificationText, Outcomes, PeerName, SessionAnswer, Target } from '../ports/accounts.ts'
import { perTarget } from './per-target.ts'

/** User and group names of every container. */
const SYSTEM_NAMES: readonly string[] = ['root', 'sshd', 'nobody', 'sudo']
const DEADLINE_MS = 10_000

/** Returns accounts in the containers of a memory engine. */
export function memoryAccounts({ engine }: { readonly engine: Engine }): Accounts {
  return new MemoryAccounts(async (id) => (await engine.inspect(id))?.state === 'running')
}

export class MemoryAccounts implements Accounts {
  readonly deadlineMs = DEADLINE_MS
  /** User names, by container id. */
  readonly users = new Map<string, Set<string>>()
  /** What a login shows, by container id. */
  readonly motds = new Map<string, string>()
  /** Host certificates, by container id. */
  readonly hostCertificates = new Map<string, string>()
  /** "p-1 alice: line" for each line that was written to terminals. */
  readonly notified: string[] = []
  /** Content of the file of the session commands, by container id. */
  readonly sessions = new Map<string, string>()
  /** "p-1 ID done: text" for each answer to a session command. */
  readonly answered: string[] = []
  /** "10.213.0.2 p-1, …" for each container whose peers were written, by container id. */
  readonly peers = new Map<string, string>()
  /** Container names of each run of a playbook. */
  readonly prepared: string[][] = []
  /** Versions of playbooks that have changed, by path. */
  readonly playbooks = new Map<string, string>()
  readonly #isRunning: (id: string) => boolean | Promise<boolean>

  constructor(isRunning: (id: string) => boolean | Promise<boolean>) {
    this.#isRunning = isRunning
  }

  async survey({ id }: Target): Promise<Guest> {
    await this.#assertRunning(id)
    return { ...hostKeyOf(madeUpKey(id)), os: 'Memory 1', names: [...SYSTEM_NAMES, ...this.#usersOf(id)] }
  }

  async createAccounts(targets: readonly Target[], { username, motd, session }: Account): Promise<Outcomes> {
    return this.#perTarget(targets, ({ id }) => {
      if (SYSTEM_NAMES.includes(username)) throw new BerthError('guest_failed', `${username} belongs to the system`)
      this.#usersOf(id).add(username)
      this.motds.set(id, motd)
      this.sessions.set(id, session)
    })
  }

  async notify(targets: readonly Target[], { username, motd, session, line }: NotificationText): Promise<Outcomes> {
    return this.#perTarget(targets, ({ id, name }) => {
      this.motds.set(id, motd)
      this.sessions.set(id, session)
      this.notified.push(`${name} ${username}: ${line}`)
    })
  }

  async writeHostCertificates(certificates: ReadonlyMap<Target, string>): Promise<Outcomes> {
    return this.#perTarget([...certificates.keys()], (target) => {
      this.hostCertificates.set(target.id, certificates.get(target) ?? '')
    })
  }

  async answer({ id, name }: Target, { id: request, isDone, text }: SessionAnswer): Promise<void> {
    await this.#assertRunning(id)
    this.answered.push(`${name} ${request} ${isDone ? 'done' : 'refused'}: ${text}`)
  }

  async writePeerNames(targets: readonly Target[], peers: readonly PeerName[]): Promise<Outcomes> {
    const text = peers.map(({ name, address }) => `${address} ${name}`).join(', ')
    return this.#perTarget(targets, ({ id }) => void this.peers.set(id, text))
  }

  async playbookVersion(playbook: string): Promise<string> {
    return this.playbooks.get(playbook) ?? playbook
  }

  async preparationDigest(playbook: string, base: string): Promise<string> {
    const source = JSON.stringify([await this.playbookVersion(playbook), base])
    return createHash('sha256').update(source).digest('hex').slice(0, 12)
  }

  async prepare(targets: readonly Target[]): Promise<Outcomes> {
    this.prepared.push(targets.map(({ name }) => name))
    return this.#perTarget(targets, () => undefined)
  }

  async generalize({ id }: Target): Promise<void> {
    await this.#assertRunning(id)
  }

  async #perTarget(targets: readonly Target[], work: (target: Target) => void): Promise<Outcomes> {
    return perTarget(targets, async (target) => {
      await this.#assertRunning(target.id)
      work(target)
    })
  }

  #usersOf(id: string): Set<string> {
    const users = this.users.get(id) ?? new Set()
    this.users.set(id, users)
    return users
  }

  async #assertRunning(id: string): Promise<void> {
    if (!(await this.#isRunning(id))) throw new BerthError('guest_failed', `${id} is not running`)
  }
}

/** Returns an ed25519 key in base64 that no key pair has: one for each id. */
function madeUpKey(id: string): string {
  const type = 'ssh-ed25519'
  const blob = Buffer.alloc(4 + type.length + 4 + 32)
  blob.writeUInt32BE(type.length)
  blob.write(type, 4)
  blob.writeUInt32BE(32, 4 + type.length)
  createHash('sha256')
    .update(id)
    .digest()
    .copy(blob, 8 + type.length)
  return blob.toString('base64')
}
