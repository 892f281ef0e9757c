/**
 * Docker's HTTP API (docs.docker.com/reference/api/engine) on Node's own client: requests that heed their signal, and what a
 * request that was upgraded says and hears.
 */
import {
  Agent,
  type ClientRequest,
  IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
  request,
} from 'node:http'
import { addAbortSignal, type Duplex, type Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { BerthError } from '../../core/errors.ts'
import { DockerRefusal, senseless } from './errors.ts'

const DEFAULT_ADDRESS = 'unix:///var/run/docker.sock'

interface Ask {
  /** Objects and lists go into it as JSON. */
  readonly query?: Readonly<Record<string, string | boolean | object>>
  readonly body?: object
  readonly signal: AbortSignal
}

/** Every request fails with `DockerRefusal` for an answer that is not 2xx, and with what Node says when there is none. */
export interface Docker {
  /** For people. */
  readonly address: string
  /** The answer's JSON: an object or a list, but nobody has looked whether it is a T. */
  get<T extends object>(path: string, ask: Ask): Promise<T>
  /** undefined when Docker confirms without a word. */
  post<T extends object>(path: string, ask: Ask): Promise<T | undefined>
  delete(path: string, ask: Ask): Promise<unknown>
  /** What Docker says from now on, until the signal. */
  follow(path: string, ask: Ask): Promise<Readable>
  /** A socket to the other side of which Docker has become a mere wire. */
  upgrade(path: string, ask: Ask): Promise<Duplex>
  /** Ends the idle sockets, which would keep the process alive. */
  close(): void
}

/**
 * Opens nothing yet; the first request does. `dockerHost` is what DOCKER_HOST may hold: `unix:///path` or
 * `tcp://host:port`. Throws `invalid_config` for anything else.
 */
export function connect(dockerHost: string = DEFAULT_ADDRESS): Docker {
  // Kept alive: a connection of its own for each request costs more than most requests do.
  const agent = new Agent({ keepAlive: true })
  const route = { ...routeTo(dockerHost), agent }
  const call = async <T extends object>(method: string, path: string, ask: Ask) =>
    (await read(await begin(route, method, path, ask), ask.signal)) as T | undefined
  return {
    address: dockerHost,
    get: async <T extends object>(path: string, ask: Ask) => {
      const answer = await call<T>('GET', path, ask)
      if (answer === undefined) throw senseless()
      return answer
    },
    post: (path, ask) => call('POST', path, ask),
    delete: (path, ask) => call('DELETE', path, ask),
    follow: async (path, ask) => addAbortSignal(ask.signal, await begin(route, 'GET', path, ask)),
    upgrade: (path, ask) => upgrade(route, path, ask),
    close: () => agent.destroy(),
  }
}

/** Resolves as soon as the answer has begun. */
async function begin(route: RequestOptions, method: string, path: string, ask: Ask): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    send(route, method, path, ask).on('response', resolve).on('error', reject)
  })
  return accepted(response, ask.signal)
}

async function upgrade(route: RequestOptions, path: string, ask: Ask): Promise<Duplex> {
  const answer = await new Promise<IncomingMessage | Duplex>((resolve, reject) => {
    send(route, 'POST', path, ask, { connection: 'Upgrade', upgrade: 'tcp' })
      .on('response', resolve)
      .on('upgrade', (_, socket: Duplex, head: Buffer) => {
        if (head.length > 0) socket.unshift(head)
        resolve(socket)
      })
      .on('error', reject)
  })
  if (!(answer instanceof IncomingMessage)) return answer
  await accepted(answer, ask.signal)
  answer.destroy()
  throw senseless()
}

function send(
  route: RequestOptions,
  method: string,
  path: string,
  { query = {}, body, signal }: Ask,
  more: OutgoingHttpHeaders = {},
): ClientRequest {
  const fields = Object.entries(query).map(([name, value]): [string, string] => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ])
  const search = fields.length > 0 ? `?${new URLSearchParams(fields)}` : ''
  const headers = { ...(body && { 'content-type': 'application/json' }), ...more }
  return request({ ...route, method, path: path + search, headers, signal }).end(body && JSON.stringify(body))
}

async function accepted(response: IncomingMessage, signal: AbortSignal): Promise<IncomingMessage> {
  const { statusCode = 0 } = response
  if (statusCode >= 200 && statusCode < 300) return response
  const answer = await read(response, signal).catch((error: unknown) => {
    if (signal.aborted) throw error
  })
  const message = answer && 'message' in answer ? answer.message : undefined
  throw new DockerRefusal(statusCode, typeof message === 'string' ? message : `HTTP ${statusCode}`)
}

async function read(response: IncomingMessage, signal: AbortSignal): Promise<object | undefined> {
  const said = await text(addAbortSignal(signal, response))
  return said === '' ? undefined : parse(said)
}

function parse(said: string): object {
  let answer: unknown
  try {
    answer = JSON.parse(said)
  } catch {
    throw senseless()
  }
  if (typeof answer !== 'object' || answer === null) throw senseless()
  return answer
}

function routeTo(dockerHost: string): RequestOptions {
  const unix = /^unix:\/\/(\/.+)$/.exec(dockerHost)
  if (unix?.[1] !== undefined) return { socketPath: unix[1] }
  const tcp = /^tcp:\/\/([\w.-]+):(\d{1,5})\/?$/.exec(dockerHost)
  if (tcp?.[1] !== undefined && tcp[2] !== undefined) return { host: tcp[1], port: tcp[2] }
  const advice = dockerHost.startsWith('ssh://')
    ? 'for an engine behind ssh, forward its socket: ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock user@host'
    : 'unix:///path and tcp://host:port are understood'
  throw new BerthError('invalid_config', `DOCKER_HOST ${JSON.stringify(dockerHost)}: ${advice}`)
}
