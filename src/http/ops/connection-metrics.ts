/** Metrics of connections of tenants that this manager forwards. */
import { Gauge, type Registry } from 'prom-client'

export interface OpenConnectionCounts {
  /** Number of shells of terminals. */
  readonly terminals: number
  readonly tunnels: number
  /** Number of connections of the gateway. */
  readonly gateway: number
}

/** Declares the gauges. Returns the function that sets them. */
export function declareConnectionMetrics(registry: Registry): (counts: OpenConnectionCounts) => void {
  const registers = [registry]
  const gauges = {
    terminals: new Gauge({
      registers,
      name: 'berth_terminals',
      help: 'Shells of terminals that this manager keeps',
    }),
    tunnels: new Gauge({
      registers,
      name: 'berth_tunnels',
      help: 'SSH connections that this manager forwards',
    }),
    gateway: new Gauge({
      registers,
      name: 'berth_gateway_connections',
      help: 'SSH connections that the gateway of this manager forwards',
    }),
  }
  return ({ terminals, tunnels, gateway }) => {
    gauges.terminals.set(terminals)
    gauges.tunnels.set(tunnels)
    gauges.gateway.set(gateway)
  }
}
