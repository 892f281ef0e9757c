/** HTTPS connections to one API server, as the identity that its credentials have now. */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { Agent, type RequestOptions as HttpsOptions, request } from 'node:https'
import { addAbortSignal } from 'node:stream'
import { BerthError } from '../../../domain/errors.ts'
import type { Cluster, Identity } from './access/cluster.ts'
import { errorOf, unexpectedResponse } from './errors.ts'

/** Maximum size of an answer. A page of 500 pods with long statuses takes some MB. */
const MAX_BODY_BYTES = 32 * 1024 * 1024
const MAX_ERROR_BYTES = 64 * 1024
/** Interval of TCP's probes of idle connections, so that the system notices a peer that is gone. */
const KEEPALIVE_PROBE_MS = 15_000

export type Query = Readonly<Record<string, string | boolean | number | readonly string[]>>

export interface RequestOptions {
  readonly query?: Query
  readonly body?: object
  /** Content type of the body; JSON by default. A patch has a type of its own. */
  readonly contentType?: string
  readonly signal: AbortSignal
}

/** What a request, or a WebSocket, needs besides its path. */
export interface Route {
  readonly agent: Agent
  readonly headers: OutgoingHttpHeaders
}

export class Connection {
  readonly cluster: Cluster
  /** Keeps connections open between requests: a new one takes a TLS handshake. */
  #agent: Agent
  /** For streams. Keeps no connections: the API server closes one on which it has refused a stream. */
  #streamAgent: Agent
  #certificate: Identity['certificate'] = null

  constructor(cluster: Cluster) {
    this.cluster = cluster
    this.#agent = this.#newAgent(true)
    this.#streamAgent = this.#newAgent(false)
  }

  /** Address of the API server, for messages. */
  get address(): string {
    return this.cluster.server.origin
  }

  /** Resolves with the headers of an answer that is 2xx; throws `KubernetesApiError` for another one. */
  async begin(method: string, path: string, options: RequestOptions): Promise<IncomingMessage> {
    const { contentType = 'application/json', body, signal } = options
    const { agent, headers: identity } = await this.route(signal)
    const text = body && JSON.stringify(body)
    // Node adds no length to a DELETE, and the API server would take its body for the next request.
    const bodyHeaders = text && { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }
    const headers = { accept: 'application/json', ...identity, ...bodyHeaders }
    const settings: HttpsOptions = { method, agent, signal, headers }
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(this.urlOf(path, options.query), settings).on('response', resolve).on('error', reject).end(text)
    })
    const { statusCode = 0 } = response
    if (statusCode >= 200 && statusCode < 300) return response
    throw await this.failure(response, signal)
  }

  /** Returns the JSON of the answer, an object. Does not check that it is a T. */
  async fetch<T extends object>(method: string, path: string, options: RequestOptions): Promise<T> {
    const response = await this.begin(method, path, options)
    return parse(await readText(response, MAX_BODY_BYTES, options.signal)) as T
  }

  /** Returns the error of an answer that is not 2xx. */
  async failure(response: IncomingMessage, signal: AbortSignal): Promise<Error> {
    const body = await readText(response, MAX_ERROR_BYTES, signal).catch((error: unknown) => {
      if (signal.aborted) throw error
      return ''
    })
    return errorOf(response.statusCode ?? 0, body, response.headers['retry-after'])
  }

  urlOf(path: string, query: Query = {}): URL {
    const url = new URL(this.cluster.server)
    url.pathname = url.pathname.replace(/\/$/, '') + path
    for (const [name, value] of Object.entries(query)) {
      for (const each of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(each))
    }
    return url
  }

  /** Returns what a request needs; `isStream` if its connection becomes a stream. */
  async route(signal: AbortSignal, isStream = false): Promise<Route> {
    const { token, certificate } = await this.cluster.credentials.identity(signal)
    if (certificate?.cert !== this.#certificate?.cert || certificate?.key !== this.#certificate?.key) {
      // Requests under way end as they began; their connections are not used again.
      this.closeIdle()
      this.#agent.maxFreeSockets = 0
      this.#certificate = certificate
      this.#agent = this.#newAgent(true)
      this.#streamAgent = this.#newAgent(false)
    }
    return {
      agent: isStream ? this.#streamAgent : this.#agent,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
    }
  }

  /** Closes idle connections: after a request without an answer, the other ones may lead nowhere as well. */
  closeIdle(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
  }

  close(): void {
    this.#agent.destroy()
    this.#streamAgent.destroy()
  }

  #newAgent(keepAlive: boolean): Agent {
    const { ca, serverName, verifies } = this.cluster
    return new Agent({
      keepAlive,
      keepAliveMsecs: KEEPALIVE_PROBE_MS,
      rejectUnauthorized: verifies,
      ...(ca !== null && { ca }),
      ...(serverName !== null && { servername: serverName }),
      ...this.#certificate,
    })
  }
}

async function readText(response: IncomingMessage, limit: number, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of addAbortSignal(signal, response) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) throw new BerthError('engine_failed', `an answer of Kubernetes has more than ${limit} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): object {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    throw unexpectedResponse()
  }
  if (typeof answer !== 'object' || answer === null) throw unexpectedResponse()
  return answer
}
