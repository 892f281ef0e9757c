/**
 * Docker's HTTP API (docs.docker.com/reference/api/engine) on Node's own client: requests that end with their signal,
 * and raw sockets of upgraded requests.
 */
import { readFileSync } from 'node:fs'
import {
  Agent,
  type ClientRequest,
  IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions as HttpOptions,
  request as httpRequest,
} from 'node:http'
import { Agent as TlsAgent, request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { addAbortSignal, type Duplex, type Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { BerthError, reasonOf } from '../../../domain/errors.ts'
import { DockerApiError, unexpectedResponse } from './errors.ts'
import { SshAgent, sshArguments } from './ssh.ts'

const DEFAULT_ADDRESS = 'unix:///var/run/docker.sock'

interface RequestOptions {
  /** Objects and lists are encoded as JSON. */
  readonly query?: Readonly<Record<string, string | boolean | object>>
  readonly body?: object
  readonly signal: AbortSignal
}

/** Every request throws `DockerApiError` for an answer that is not 2xx, and Node's error when there is none. */
export interface Docker {
  /** As in DOCKER_HOST, for messages. */
  readonly address: string
  /** Returns the answer's JSON, an object or a list. Does not check that it is a T. */
  get<T extends object>(path: string, options: RequestOptions): Promise<T>
  /** Returns undefined when Docker's answer is empty. */
  post<T extends object>(path: string, options: RequestOptions): Promise<T | undefined>
  delete(path: string, options: RequestOptions): Promise<unknown>
  /** Returns the answer as a stream, which ends with the signal. */
  follow(path: string, options: RequestOptions): Promise<Readable>
  /** Upgrades the connection, and returns its raw socket. */
  upgrade(path: string, options: RequestOptions): Promise<Duplex>
  /** Closes idle sockets, which would keep the process alive. */
  close(): void
}

/**
 * Returns a client; the first request opens a connection. `dockerHost` is what DOCKER_HOST may hold: `unix:///path`,
 * `ssh://user@host`, or `tcp://host:port`, over TLS with `certificates`, a folder of ca.pem, cert.pem and key.pem.
 * Throws `invalid_config` for anything else.
 */
export function connect(dockerHost: string = DEFAULT_ADDRESS, certificates: string | null = null): Docker {
  const agent = agentFor(dockerHost, certificates)
  const route: Route = { ...routeTo(dockerHost), agent, secure: certificates !== null }
  const call = async <T extends object>(method: string, path: string, options: RequestOptions) =>
    (await read(await begin(route, method, path, options), options.signal)) as T | undefined
  return {
    address: dockerHost,
    get: async <T extends object>(path: string, options: RequestOptions) => {
      const answer = await call<T>('GET', path, options)
      if (answer === undefined) throw unexpectedResponse()
      return answer
    },
    post: (path, options) => call('POST', path, options),
    delete: (path, options) => call('DELETE', path, options),
    follow: async (path, options) => addAbortSignal(options.signal, await begin(route, 'GET', path, options)),
    upgrade: (path, options) => upgrade(route, path, options),
    close: () => agent.destroy(),
  }
}

interface Route extends HttpOptions {
  readonly secure: boolean
}

/** Resolves with the answer's headers. */
async function begin(route: Route, method: string, path: string, options: RequestOptions): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    send(route, method, path, options).on('response', resolve).on('error', reject)
  })
  return accepted(response, options.signal)
}

async function upgrade(route: Route, path: string, options: RequestOptions): Promise<Duplex> {
  const answer = await new Promise<IncomingMessage | Duplex>((resolve, reject) => {
    send(route, 'POST', path, options, { connection: 'Upgrade', upgrade: 'tcp' })
      .on('response', resolve)
      .on('upgrade', (_, socket: Duplex, head: Buffer) => {
        if (head.length > 0) socket.unshift(head)
        resolve(socket)
      })
      .on('error', reject)
  })
  if (!(answer instanceof IncomingMessage)) return answer
  await accepted(answer, options.signal)
  answer.destroy()
  throw unexpectedResponse()
}

function send(
  { secure, ...route }: Route,
  method: string,
  path: string,
  { query = {}, body, signal }: RequestOptions,
  more: OutgoingHttpHeaders = {},
): ClientRequest {
  const fields = Object.entries(query).map(([name, value]): [string, string] => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ])
  const search = fields.length > 0 ? `?${new URLSearchParams(fields)}` : ''
  const headers = { ...(body && { 'content-type': 'application/json' }), ...more }
  const start = secure ? httpsRequest : httpRequest
  return start({ ...route, method, path: path + search, headers, signal }).end(body && JSON.stringify(body))
}

async function accepted(response: IncomingMessage, signal: AbortSignal): Promise<IncomingMessage> {
  const { statusCode = 0 } = response
  if (statusCode >= 200 && statusCode < 300) return response
  const body = await text(addAbortSignal(signal, response)).catch((error: unknown) => {
    if (signal.aborted) throw error
    return ''
  })
  throw new DockerApiError(statusCode, messageOf(body) ?? `HTTP ${statusCode}`)
}

async function read(response: IncomingMessage, signal: AbortSignal): Promise<object | undefined> {
  const body = await text(addAbortSignal(signal, response))
  return body === '' ? undefined : parse(body)
}

/** Returns the message of an error. Go's own server, before Docker's API, writes a line of plain text. */
function messageOf(body: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(body)
    const message = typeof answer === 'object' && answer !== null && 'message' in answer ? answer.message : undefined
    return typeof message === 'string' ? message : undefined
  } catch {
    return /^[^\p{C}<>{}]{1,200}(?=\n?$)/u.exec(body.trim())?.[0]
  }
}

function parse(body: string): object {
  let answer: unknown
  try {
    answer = JSON.parse(body)
  } catch {
    throw unexpectedResponse()
  }
  if (typeof answer !== 'object' || answer === null) throw unexpectedResponse()
  return answer
}

/** Keeps connections open: one for each request would cost more than most requests do. */
function agentFor(dockerHost: string, certificates: string | null): Agent {
  const ssh = sshArguments(dockerHost)
  if (ssh !== null) return new SshAgent(ssh)
  if (certificates !== null) return new TlsAgent({ keepAlive: true, ...readKeys(certificates) })
  return new Agent({ keepAlive: true })
}

function readKeys(folder: string): Readonly<Record<'ca' | 'cert' | 'key', Buffer>> {
  const readKey = (name: string) => {
    try {
      return readFileSync(join(folder, name))
    } catch (cause) {
      const needed = 'the engine is asked over TLS, which takes ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH'
      throw new BerthError('invalid_config', `${reasonOf(cause)}: ${needed}`, { cause })
    }
  }
  return { ca: readKey('ca.pem'), cert: readKey('cert.pem'), key: readKey('key.pem') }
}

function routeTo(dockerHost: string): HttpOptions {
  const unix = /^unix:\/\/(\/.+)$/.exec(dockerHost)
  if (unix?.[1] !== undefined) return { socketPath: unix[1] }
  const [, ipv6, name, port] = /^tcp:\/\/(?:\[([\da-f:]+)\]|([\w.-]+)):(\d{1,5})\/?$/i.exec(dockerHost) ?? []
  const host = ipv6 ?? name
  if (host !== undefined && port !== undefined) return { host, port }
  // The agent connects; the name only goes into the Host header.
  if (sshArguments(dockerHost) !== null) return { host: 'docker' }
  const allowed = 'must be unix:///path, tcp://host:port or ssh://user@host:port'
  throw new BerthError('invalid_config', `DOCKER_HOST ${allowed}, got ${JSON.stringify(dockerHost)}`)
}
