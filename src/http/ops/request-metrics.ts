/** Metrics of requests by method, route and status. Clients cannot add values of labels. */
import { Counter, Histogram, type Registry } from 'prom-client'

export interface Answered {
  readonly method: string
  /** Pattern of the route, never the URL; the same text for all requests without a route. */
  readonly route: string
  readonly status: number
  readonly ms: number
}

/** Seconds: from an unchanged list to an answer that waits for a playbook. */
const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60]
/** Methods with a label of their own. All others count as "other", because a client may invent any number. */
const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS']

export function declareRequestMetrics(registry: Registry): (answered: Answered) => void {
  const registers = [registry]
  const requests = new Counter({
    registers,
    name: 'berth_http_requests_total',
    help: 'Requests that were answered, by method, pattern of the route and status code',
    labelNames: ['method', 'route', 'code'],
  })
  const durations = new Histogram({
    registers,
    name: 'berth_http_request_duration_seconds',
    help: 'Time from the head of a request until its answer was sent; of a stream, until it ended',
    labelNames: ['method', 'route'],
    buckets: BUCKETS,
  })
  return ({ method, route, status, ms }) => {
    const known = METHODS.includes(method) ? method : 'other'
    requests.inc({ method: known, route, code: status })
    durations.observe({ method: known, route }, ms / 1_000)
  }
}
