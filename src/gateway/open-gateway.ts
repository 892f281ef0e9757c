/** A gateway on the SSH ports of an instance. */
import { counted } from '../domain/text/counted.ts'
import { RecurringProblems } from '../reconcile/recurring-problems.ts'
import { Gateway, type GatewayDeps, type GatewayFigures } from '../usecases/gateway/gateway.ts'
import { forward } from './forwarder.ts'
import { Listeners } from './listeners.ts'

export interface OpenGateway {
  readonly figures: GatewayFigures
  /** Number of ports that accept connections. */
  readonly listening: number
  /** Ports on which it cannot listen. */
  readonly failedPorts: readonly number[]
  /** Follows the rows: which ports there are, and which connections are over. Returns when to call it again. */
  step(): Promise<number>
  /** See `OpenConnections`. */
  closeWhatIsOver(): Promise<void>
  /** See `OpenConnections`. */
  closeOverdue(): number
  /** Accepts no further connections. Open ones stay open. */
  stopListening(): void
  /** Closes everything. */
  stop(): void
}

/** Opens the gateway. It listens after the first `step`. `host` is an IP address. */
export function openGateway(deps: GatewayDeps & { readonly host: string }): OpenGateway {
  const { host, log, clock, store } = deps
  const gateway = new Gateway(deps)
  const problems = new RecurringProblems({ log, clock })
  let isListening = true
  const listeners = new Listeners({
    host,
    onConnection: (client, port) =>
      void forward(client, {
        gateway,
        port,
        onRefusal: (reason) => log.debug(`refused a connection to port ${port}: ${reason}`, { port }),
      }),
    onFailure: (port, reason) => reportFailure(problems, host, port, reason),
    onListening: (port) => {
      if (problems.solved(String(port))) log.info(`the gateway listens on ${host}:${port} again`, { port })
    },
  })
  let hasListened = false
  let isFollowing = false

  /** Listens on the ports of the rows. The next step makes up for changes meanwhile, and for a read that failed. */
  async function follow(): Promise<void> {
    if (isFollowing) return
    isFollowing = true
    const ports = await gateway.ports().catch(() => null)
    isFollowing = false
    if (ports === null || !isListening) return
    await listeners.follow(ports)
    if (hasListened || ports.size === 0) return
    hasListened = true
    log.info(`the gateway listens on ${counted(listeners.listening, 'port')} of ${host}`)
  }

  const unlisten = store.onEvents(() => void follow())

  function stopListening(): void {
    isListening = false
    unlisten()
    listeners.close()
  }

  return {
    get figures() {
      return gateway.figures
    },
    get listening() {
      return listeners.listening
    },
    get failedPorts() {
      return listeners.failed
    },
    async step() {
      const [next] = await Promise.all([gateway.step(), follow()])
      return next
    },
    closeWhatIsOver: () => gateway.closeWhatIsOver(),
    closeOverdue: () => gateway.closeOverdue(),
    stopListening,
    stop() {
      stopListening()
      gateway.stop()
    },
  }
}

function reportFailure(problems: RecurringProblems, host: string, port: number, reason: string): void {
  const message = `the gateway cannot listen on ${host}:${port}; it tries again, and serves its other ports`
  problems.occurred(String(port), { level: 'error', message, reason, kind: 'state', fields: { port } })
}
