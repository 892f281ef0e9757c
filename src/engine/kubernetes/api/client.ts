/** A client of the API of one Kubernetes cluster. All errors are BerthErrors. */
import type { Duplex } from 'node:stream'
import type { ExecRequest, ExecResult } from '../../../ports/engine.ts'
import type { Shell } from '../../../ports/shell.ts'
import type { Cluster } from './access/cluster.ts'
import { Connection, type Query } from './connection.ts'
import { hasStatus } from './errors.ts'
import { listAll } from './list.ts'
import { type Call, Requests } from './requests.ts'
import { attach } from './stream/attach.ts'
import type { Target } from './stream/channels.ts'
import { execute } from './stream/exec.ts'
import { openTerminal } from './stream/terminal.ts'
import { Watch, type WatchRequest } from './watch.ts'

/** Types of bodies of a patch. */
const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
} as const

export class KubernetesClient {
  readonly #connection: Connection
  readonly #requests: Requests
  readonly #watches = new Set<Watch>()
  readonly #streams = new Set<Duplex>()
  readonly #shells = new Set<Shell>()

  /** Nothing is sent before the first request. */
  constructor(cluster: Cluster) {
    this.#connection = new Connection(cluster)
    this.#requests = new Requests(this.#connection)
  }

  /** Returns null when there is no such object. */
  get<T extends object>(path: string, call: Call, query: Query = {}): Promise<T | null> {
    return this.#requests.run(call, (signal) =>
      this.#connection.fetch<T>('GET', path, { query, signal }).catch(nullIfMissing),
    )
  }

  /** Throws `engine_conflict` when an object of the name exists. */
  create<T extends object>(path: string, body: object, call: Call): Promise<T> {
    return this.#requests.run(call, (signal) => this.#connection.fetch<T>('POST', path, { body, signal }))
  }

  /** Throws `engine_conflict` when the patch names a `resourceVersion` that is not the current one. */
  patch<T extends object>(path: string, kind: keyof typeof PATCH_TYPES, body: object, call: Call): Promise<T> {
    const contentType = PATCH_TYPES[kind]
    return this.#requests.run(call, (signal) => this.#connection.fetch<T>('PATCH', path, { body, contentType, signal }))
  }

  /**
   * Returns false when there is no such object. `options` is a DeleteOptions. Throws `engine_conflict` when its
   * preconditions are not met, as after another object of the name was made.
   */
  delete(path: string, options: object, call: Call): Promise<boolean> {
    return this.#requests.run(call, async (signal) => {
      const answer = this.#connection.fetch('DELETE', path, { body: options, signal })
      return (await answer.catch(nullIfMissing)) !== null
    })
  }

  /** Lists all objects of a path. The answer is complete, and the most recent state of one moment. */
  list<T>(path: string, query: Query, call: Call): Promise<T[]> {
    return this.#requests.run(call, (signal) => listAll<T>(this.#connection, path, query, signal))
  }

  /** Calls `onChange` after changes, until the returned function is called. A hint: changes may be missed. */
  watch(request: WatchRequest): () => void {
    const watch = new Watch(this.#connection, this.#requests, request)
    this.#watches.add(watch)
    return () => {
      this.#watches.delete(watch)
      watch.close()
    }
  }

  /** Runs a command in a container. Throws `guest_failed` when something in the container does not work. */
  exec(target: Target, { command, stdin, timeoutMs }: ExecRequest, what: string): Promise<ExecResult> {
    const request = stdin === undefined ? { command } : { command, stdin }
    return this.#requests.run({ what, deadlineMs: timeoutMs }, (signal) =>
      execute(this.#connection, target, request, signal),
    )
  }

  /** Runs a request that ends at its deadline, and with this client. */
  run<T>(call: Call, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#requests.run(call, request)
  }

  /** Opens stdin and stdout of the main process. Called in `run`, whose deadline ends when the stream is open. */
  async attach(target: Target, signal: AbortSignal): Promise<Duplex> {
    const stream = await attach(this.#connection, target, signal)
    this.#streams.add(stream)
    return stream.once('close', () => this.#streams.delete(stream))
  }

  /** Starts a command on a terminal. The call's deadline ends when it has started. */
  async terminal(target: Target, command: readonly string[], call: Call): Promise<Shell> {
    const shell = await this.#requests.run(call, (signal) => openTerminal(this.#connection, target, command, signal))
    this.#shells.add(shell)
    void shell.ended.then(() => this.#shells.delete(shell))
    return shell
  }

  /** Ends all requests, watches and streams. */
  close(): void {
    this.#requests.close()
    for (const watch of this.#watches) watch.close()
    for (const stream of this.#streams) stream.destroy()
    for (const shell of this.#shells) shell.close()
    this.#connection.close()
  }
}

function nullIfMissing(error: unknown): null {
  if (hasStatus(error, 404)) return null
  throw error
}
