/** A proxy in front of a cluster's API server that fails requests on demand. All other answers are the server's. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'

/**
 * `drop`: it is not delivered, and never answered. `half-open`: it is delivered, and of the answer only the head
 * arrives. `reset`: the connection is closed. `delay`: it is delivered later. `answer`: the proxy answers by itself, as
 * an overloaded API server does, or with what the API server has answered before.
 */
type ApiFault =
  | { readonly kind: 'drop' | 'half-open' | 'reset' }
  | { readonly kind: 'delay'; readonly ms: number }
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body?: string
    }

interface ApiRequest {
  readonly method: string
  /** With the query, decoded. */
  readonly path: string
  /** The part that was forwarded so far. */
  readonly body: string
}

export interface ApiProxy {
  /** Path of an administrator's kubeconfig that leads through the proxy. */
  readonly kubeconfig: string
  /** All requests so far, including those that failed. */
  readonly requests: readonly ApiRequest[]
  /** Fails requests whose method and path match, at most `times` of them. Returns a function that ends this. */
  fail(matching: RegExp, fault: ApiFault, times?: number): () => void
  /** Returns the body of the API server's answer now. */
  read(path: string): Promise<string>
  close(): void
}

interface RecordedRequest extends ApiRequest {
  body: string
}

interface Rule {
  readonly matching: RegExp
  readonly fault: ApiFault
  times: number
}

/** Opens a proxy. `name` must be unique among the proxies of the cluster. */
export async function openApiProxy({ certificates, apiServer }: Cluster, name: string): Promise<ApiProxy> {
  const certificate = `proxy-${name}`
  await certificates.issue(certificate, { commonName: certificate, names: ['IP:127.0.0.1'] })
  const file = (fileName: string) => readFileSync(certificates.path(fileName))
  const agent = new Agent({ ca: file('ca.crt'), cert: file('admin.crt'), key: file('admin.key'), keepAlive: true })
  const requests: RecordedRequest[] = []
  const rules = new Set<Rule>()

  const record = ({ method = '', url = '' }: IncomingMessage): RecordedRequest => {
    const recorded = { method, path: decodeURIComponent(url), body: '' }
    requests.push(recorded)
    return recorded
  }
  const faultOf = ({ method, path }: ApiRequest): ApiFault | null => {
    const rule = [...rules].find(({ matching, times }) => times > 0 && matching.test(`${method} ${path}`))
    if (rule) rule.times -= 1
    return rule?.fault ?? null
  }
  const forward = ({ method, url, headers }: IncomingMessage) =>
    httpsRequest(new URL(url ?? '', apiServer.url), { method, headers, agent: headers.upgrade ? streamAgent : agent })
  const streamAgent = new Agent({ ...agent.options, keepAlive: false })

  const onRequest = async (request: IncomingMessage, response: ServerResponse) => {
    const recorded = record(request)
    const fault = faultOf(recorded)
    if (fault?.kind === 'drop') return
    if (fault?.kind === 'reset') return void request.socket.destroy()
    if (fault?.kind === 'answer') return void response.writeHead(fault.status, fault.headers).end(fault.body)
    if (fault?.kind === 'delay') await sleep(fault.ms)
    const upstream = forward(request)
    response.on('close', () => upstream.destroy())
    upstream.on('error', () => response.destroy())
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers).flushHeaders()
      if (fault?.kind === 'half-open') answer.resume()
      else answer.pipe(response)
    })
    request.on('data', (chunk: Buffer) => {
      recorded.body += chunk.toString()
    })
    request.pipe(upstream)
  }
  const onUpgrade = (request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => undefined)
    const fault = faultOf(record(request))
    if (fault?.kind === 'drop') return
    if (fault?.kind === 'reset') return void socket.destroy()
    const upstream = forward(request)
    upstream.on('error', () => socket.destroy())
    upstream.on('response', (answer) => socket.end(headOf(answer)))
    upstream.on('upgrade', (answer, peer: Duplex, rest) => {
      socket.write(headOf(answer))
      peer.on('error', () => socket.destroy())
      socket.on('close', () => peer.destroy())
      if (fault?.kind === 'half-open') return
      socket.write(rest)
      peer.pipe(socket).pipe(peer)
    })
    upstream.end()
  }

  const server = createServer({ cert: file(`${certificate}.crt`), key: file(`${certificate}.key`) })
  server.on('request', (request, response) => void onRequest(request, response)).on('upgrade', onUpgrade)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    kubeconfig: certificates.writeKubeconfig(certificate, address),
    requests,
    fail(matching, fault, times = Number.POSITIVE_INFINITY) {
      const rule = { matching, fault, times }
      rules.add(rule)
      return () => void rules.delete(rule)
    },
    async read(path) {
      const [answer] = (await once(httpsRequest(new URL(path, apiServer.url), { agent }).end(), 'response')) as [
        IncomingMessage,
      ]
      return (await answer.setEncoding('utf8').toArray()).join('')
    },
    close() {
      server.close()
      server.closeAllConnections()
      agent.destroy()
    },
  }
}

function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []))
  return [`HTTP/1.1 ${statusCode} ${statusMessage}`, ...lines, '', ''].join('\r\n')
}
