/** Docker by hand, over its socket with connections that are kept: what the machine takes without Berth. */
import { Agent, type IncomingMessage, request, type RequestOptions } from 'node:http'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { PublishedSpec } from '../src/domain/container.ts'
import { createOptions } from '../src/engine/docker/container/spec.ts'

/** Label of containers that no manager makes. */
export const BENCH_MARK = { id: 'bench', origin: 'bench', file: 'bench', since: 0 }

const DEFAULT_SOCKET = '/var/run/docker.sock'

/** An event of a container; `at` in epoch milliseconds. */
export interface EngineEvent {
  readonly action: string
  readonly name: string
  readonly at: number
}

export class RawDocker {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #route: RequestOptions
  readonly #making = new Set<Promise<unknown>>()
  #over = false

  constructor(dockerHost: string | undefined) {
    this.#route = routeOf(dockerHost)
  }

  /** Refuses to make more, and resolves when what is being made is done. */
  async makeNoMore(): Promise<void> {
    this.#over = true
    await Promise.allSettled(this.#making)
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Sends Docker exactly what the manager would send. */
  async create(spec: PublishedSpec): Promise<string> {
    if (this.#over) throw new Error('interrupted')
    const making = this.#call<{ Id: string }>(
      'POST',
      `/containers/create?name=${spec.name}`,
      createOptions(spec, BENCH_MARK),
    )
    this.#making.add(making)
    try {
      return (await making).Id
    } finally {
      this.#making.delete(making)
    }
  }

  async createNetwork(body: object): Promise<void> {
    await this.#call('POST', '/networks/create', body)
  }

  async start(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/start`)
  }

  /** A container that is gone, or being removed, counts as removed. */
  async remove(id: string): Promise<void> {
    await this.#call('DELETE', `/containers/${id}?force=true&v=true`, undefined, [404, 409])
  }

  /** Runs a command to its end; throws when it fails. */
  async exec(id: string, command: readonly string[]): Promise<void> {
    const asked = { AttachStdout: true, AttachStderr: true, Cmd: command }
    const { Id } = await this.#call<{ Id: string }>('POST', `/containers/${id}/exec`, asked)
    await text(await this.#send('POST', `/exec/${Id}/start`, { Detach: false, Tty: false }))
    const { ExitCode } = await this.#call<{ ExitCode: number }>('GET', `/exec/${Id}/json`)
    if (ExitCode !== 0) throw new Error(`${command.join(' ')}: exit code ${ExitCode}`)
  }

  /** Returns the ids of all containers with this label, running or not. */
  async labelled(label: string): Promise<string[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: [label] }))
    const found = await this.#call<{ Id: string }[]>('GET', `/containers/json?all=true&filters=${filters}`)
    return found.map(({ Id }) => Id)
  }

  /** Calls `hear` with the events of containers with this label from now on. Returns the stop. */
  async follow(label: string, hear: (event: EngineEvent) => void): Promise<() => void> {
    const filters = { type: ['container'], label: [label], event: ['create', 'die', 'destroy'] }
    const path = `/events?filters=${encodeURIComponent(JSON.stringify(filters))}`
    const response = await this.#send('GET', path, undefined, new Agent())
    createInterface({ input: response }).on('line', (line) => {
      const told = JSON.parse(line) as { Action: string; timeNano: number; Actor: { Attributes: { name: string } } }
      hear({ action: told.Action, name: told.Actor.Attributes.name, at: told.timeNano / 1e6 })
    })
    // The stream is destroyed when its reader stops: no error.
    response.on('error', () => undefined)
    return () => void response.destroy()
  }

  async #call<T>(method: string, path: string, body?: object, accepted: readonly number[] = []): Promise<T> {
    const response = await this.#send(method, path, body)
    const answer = await text(response)
    const { statusCode = 0 } = response
    if (statusCode >= 400 && !accepted.includes(statusCode))
      throw new Error(`${method} ${path}: ${statusCode} ${answer}`)
    return (answer === '' ? undefined : JSON.parse(answer)) as T
  }

  #send(method: string, path: string, body?: object, agent = this.#agent): Promise<IncomingMessage> {
    const headers = { 'content-type': 'application/json' }
    return new Promise((resolve, reject) => {
      const sent = request({ ...this.#route, agent, method, path, headers }, resolve).on('error', reject)
      sent.end(body && JSON.stringify(body))
    })
  }
}

/** As DOCKER_HOST may hold it: unix:///path or tcp://host:port. */
function routeOf(dockerHost: string | undefined): RequestOptions {
  if (dockerHost === undefined || dockerHost === '') return { socketPath: DEFAULT_SOCKET }
  const { protocol, hostname, port, pathname } = new URL(dockerHost)
  return protocol === 'unix:' ? { socketPath: pathname } : { host: hostname, port }
}
