/** Docker by hand, over its socket with connections that are kept: what the machine takes without Berth. */
import { Agent, type IncomingMessage, request, type RequestOptions } from 'node:http'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { ContainerSpec } from '../src/core/container.ts'
import { createOptions } from '../src/engine/docker/spec.ts'

const DEFAULT_SOCKET = '/var/run/docker.sock'

/** Something happened to a container; epoch milliseconds. */
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

  /** Nothing is made any more when this resolves, whoever is still at it. */
  async makeNoMore(): Promise<void> {
    this.#over = true
    await Promise.allSettled(this.#making)
  }

  close(): void {
    this.#agent.destroy()
  }

  /** With exactly what the manager asks Docker for. */
  async create(spec: ContainerSpec): Promise<string> {
    if (this.#over) throw new Error('interrupted')
    const making = this.#call<{ Id: string }>('POST', `/containers/create?name=${spec.name}`, createOptions(spec))
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

  async kill(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/kill`)
  }

  async pause(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/pause`)
  }

  async unpause(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/unpause`)
  }

  /** Gone, or being removed already, is removed. */
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

  /** Ids of all containers that have this label, running or not. */
  async labelled(label: string): Promise<string[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: [label] }))
    const found = await this.#call<{ Id: string }[]>('GET', `/containers/json?all=true&filters=${filters}`)
    return found.map(({ Id }) => Id)
  }

  /** Hears of what happens to the containers with this label from now on. Gives the stop. */
  async follow(label: string, hear: (event: EngineEvent) => void): Promise<() => void> {
    const filters = { type: ['container'], label: [label], event: ['create', 'die', 'pause', 'destroy'] }
    const path = `/events?filters=${encodeURIComponent(JSON.stringify(filters))}`
    const response = await this.#send('GET', path, undefined, new Agent())
    createInterface({ input: response }).on('line', (line) => {
      const told = JSON.parse(line) as { Action: string; timeNano: number; Actor: { Attributes: { name: string } } }
      hear({ action: told.Action, name: told.Actor.Attributes.name, at: told.timeNano / 1e6 })
    })
    // Cut off when nobody listens any more: that is no error.
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
