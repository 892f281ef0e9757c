/** Answers probes of Kubernetes and shows the figures of a gateway that runs alone. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { OpenGateway } from './open-gateway.ts'

interface Address {
  readonly host: string
  readonly port: number
}

interface HealthDeps {
  readonly gateway: Pick<OpenGateway, 'figures' | 'listening' | 'failedPorts'>
  /** Returns why the gateway accepts no connections; null if it does. */
  readonly problem: () => string | null
}

/** Serves /healthz, /readyz and /metrics, to every caller that reaches the address. */
export async function openHealth(address: Address, { gateway, problem }: HealthDeps): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string) =>
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'only GET is allowed\n')
    if (request.url === '/healthz') return answer(200, 'ok\n')
    if (request.url === '/metrics') return answer(200, figuresOf(gateway))
    if (request.url !== '/readyz') return answer(404, 'there are /healthz, /readyz and /metrics\n')
    const why = problem() ?? (gateway.listening === 0 ? 'it listens on no port' : null)
    if (why !== null) return answer(503, `${why}\n`)
    const { failedPorts: failed } = gateway
    return answer(200, failed.length === 0 ? 'ready\n' : `ready; cannot listen on port ${failed.join(', ')}\n`)
  })
  server.listen({ ...address, exclusive: true })
  await once(server, 'listening')
  return server
}

function figuresOf({ figures: { open, accepted, refused, cut }, listening }: HealthDeps['gateway']): string {
  return [
    metric('berth_gateway_connections', 'gauge', 'SSH connections that this gateway forwards', open),
    metric('berth_gateway_ports', 'gauge', 'Ports on which this gateway listens', listening),
    metric('berth_gateway_accepted_total', 'counter', 'Connections that were forwarded, since the start', accepted),
    metric('berth_gateway_refused_total', 'counter', 'Connections that were not forwarded, since the start', refused),
    metric('berth_gateway_cut_total', 'counter', 'Connections that were closed because they were over', cut),
  ].join('')
}

function metric(name: string, type: 'gauge' | 'counter', help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`
}
