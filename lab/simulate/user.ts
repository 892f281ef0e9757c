/** The calls of users, each sent to the next manager in turn, as behind a load balancer. */
import type { Answer, Client, Request } from './client.ts'
import type { Ledger, SeenReservation } from './ledger.ts'
import type { Samples } from '../samples.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGcUNC4dHYNmqTvJLNYPBoIqgNVyZ6Cm8aAKf8FzHvXd user'

interface UserDeps {
  readonly client: Client
  readonly origins: readonly string[]
  readonly ledger: Ledger
  readonly samples: Samples
}

export interface Wanted {
  readonly user: string
  readonly pool: string
  readonly duration: string
  readonly count?: number
  readonly wait?: string
  readonly keepalive?: string
}

export class Users {
  readonly #deps: UserDeps
  #turn = 0
  /** Number of answers, by "reserve 201". */
  readonly answers = new Map<string, number>()

  constructor(deps: UserDeps) {
    this.#deps = deps
  }

  /** Returns null if no container was ready. */
  reserve({ user, ...body }: Wanted): Promise<SeenReservation | null> {
    const request = { method: 'POST', path: '/v1/reservations', user }
    return this.#reservation('reserve', { ...request, body: { username: 'tenant', ssh_keys: [KEY], ...body } })
  }

  show(user: string, id: string): Promise<SeenReservation | null> {
    return this.#reservation('show', { method: 'GET', path: `/v1/reservations/${id}`, user })
  }

  extend(user: string, id: string, by: string): Promise<SeenReservation | null> {
    return this.#reservation('extend', { method: 'PATCH', path: `/v1/reservations/${id}`, user, body: { extend: by } })
  }

  keepAlive(user: string, id: string): Promise<SeenReservation | null> {
    return this.#reservation('keepalive', { method: 'POST', path: `/v1/reservations/${id}/keepalive`, user })
  }

  async release(user: string, id: string): Promise<void> {
    const seen = await this.#reservation('release', { method: 'DELETE', path: `/v1/reservations/${id}`, user })
    if (seen) this.#deps.ledger.released(id)
  }

  /** Reads a list, and reads it again with its ETag. */
  async list(path: string): Promise<void> {
    const origin = this.#origin()
    const { client, samples } = this.#deps
    const request = { method: 'GET', path, user: 'admin' }
    const first = await client.send(origin, request)
    if (first.status !== 200) throw new Error(`GET ${path} was answered with ${first.status}: ${first.body}`)
    samples.add(`GET ${path}`, first.took)
    if (first.etag === undefined) return
    const again = await client.send(origin, { ...request, etag: first.etag })
    if (again.status === 304) samples.add(`GET ${path}, 304`, again.took)
  }

  async #reservation(what: string, request: Request): Promise<SeenReservation | null> {
    const { client, ledger, samples } = this.#deps
    const answer = await client.send(this.#origin(), request)
    this.#count(what, answer)
    samples.add(`${what}, ${answer.status}`, answer.took)
    // No container was ready, or the reservation has ended.
    if (answer.status === 409) return null
    if (answer.status >= 300) throw new Error(`${what} was answered with ${answer.status}: ${answer.body}`)
    const seen = JSON.parse(answer.body) as SeenReservation
    ledger.saw(seen)
    return seen
  }

  #origin(): string {
    const { origins } = this.#deps
    this.#turn = (this.#turn + 1) % origins.length
    return origins[this.#turn] ?? ''
  }

  #count(what: string, { status }: Answer): void {
    const key = `${what} ${status}`
    this.answers.set(key, (this.answers.get(key) ?? 0) + 1)
  }
}
