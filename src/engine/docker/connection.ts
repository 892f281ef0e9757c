import { Agent } from 'node:http'
import { inspect } from 'node:util'
import Docker from 'dockerode'
import { BerthError } from '../../core/errors.ts'

const DEFAULT_ADDRESS = 'unix:///var/run/docker.sock'

export interface Connection {
  readonly docker: Docker
  /** For people. */
  readonly address: string
  /** Ends the idle sockets, which would keep the process alive. */
  close(): void
}

/**
 * Opens nothing yet; the first request does. `dockerHost` is what DOCKER_HOST may hold: `unix:///path` or
 * `tcp://host:port`. Throws `invalid_config` for anything else. ssh:// is not among it: docker-modem would log in anew
 * for each request and never look at the other side's host key.
 */
export function connect(dockerHost: string = DEFAULT_ADDRESS): Connection {
  // Kept alive: a connection of its own for each request costs more than most requests do.
  const agent = new QuietAgent({ keepAlive: true })
  const docker = new Docker({ ...NOT_FROM_ENVIRONMENT, ...route(dockerHost), ...{ agent } })
  return { docker, address: dockerHost, close: () => agent.destroy() }
}

/**
 * docker-modem (5.0.7) describes all of its agent, every socket and what hangs on it, before each request, for a log that
 * nobody has asked for: with hundreds of requests under way that kept this process from everything else for 20 s.
 */
class QuietAgent extends Agent {
  [inspect.custom](): string {
    return 'the agent'
  }
}

/** docker-modem reads DOCKER_HOST and its kin by itself, and would prefer them; only the configuration decides here. */
const NOT_FROM_ENVIRONMENT = {
  host: undefined,
  port: undefined,
  socketPath: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
  timeout: undefined,
  pathPrefix: '/',
  protocol: 'http',
} as const

function route(dockerHost: string): Docker.DockerOptions {
  const unix = /^unix:\/\/(\/.+)$/.exec(dockerHost)
  if (unix?.[1] !== undefined) return { socketPath: unix[1] }
  const tcp = /^tcp:\/\/([\w.-]+):(\d{1,5})\/?$/.exec(dockerHost)
  if (tcp?.[1] !== undefined && tcp[2] !== undefined) return { host: tcp[1], port: tcp[2] }
  const advice = dockerHost.startsWith('ssh://')
    ? 'for an engine behind ssh, forward its socket: ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock user@host'
    : 'unix:///path and tcp://host:port are understood'
  throw new BerthError('invalid_config', `DOCKER_HOST ${JSON.stringify(dockerHost)}: ${advice}`)
}
