import type { Clock } from '../ports/clock.ts'
import type { Admin } from '../usecases/admin.ts'
import type { Pools } from '../domain/pools.ts'
import type { Log } from '../ports/log.ts'
import type { Reload } from '../ports/reload.ts'
import type { Store } from '../ports/store.ts'
import type { Nodes } from '../usecases/nodes/nodes.ts'
import type { Reservations } from '../usecases/reservations.ts'
import type { Terminals } from '../usecases/terminals/terminals.ts'
import type { Tokens } from '../usecases/tokens.ts'
import type { GatewayFigures } from '../usecases/gateway/gateway.ts'
import type { Tunnels } from '../usecases/tunnels/tunnels.ts'
import type { IsStillValid } from './auth/credential.ts'
import type { Authenticate } from './auth/identity.ts'
import type { IsStillAllowed } from './auth/still-allowed.ts'
import type { Drain } from './drain.ts'
import type { RequestCounts } from './auth/request-counts.ts'
import type { SignIn } from './sessions/sign-in.ts'
import type { CountsFeed } from './streaming/counts-feed.ts'
import type { EventFeed } from './streaming/event-feed.ts'
import type { StreamLimit } from './streaming/stream-limit.ts'
import type { PrometheusMetrics } from './ops/metrics.ts'

/** What every route gets: the context of the server, and what routes share with one another. */
export interface RouteContext extends ServerContext {
  readonly feed: EventFeed
  readonly counts: CountsFeed
  readonly streamLimit: StreamLimit
  readonly isStillAllowed: IsStillAllowed
}

/** What /readyz asks of the reconciler. */
interface Readiness {
  /** Returns whether the latest listing of the engine succeeded. */
  engineAnswers(): boolean
  /** Returns why the engine cannot be used at the moment, or null. */
  engineProblem(): string | null
  /** Returns whether the database took what the latest tick had to write. */
  databaseWritable(): boolean
  /** Returns why this manager refuses to lead, or null. */
  leadershipProblem(): string | null
  /** Returns whether this manager leads now. */
  isLeading(): boolean
  /** Returns the containers that are left alone, with the row each of them blocks, or null. */
  protectedContainers(): readonly { readonly row: { readonly name: string } | null }[]
}

/** Settings of berth.yml that a reload may change. */
export interface ServerSettings {
  /** Host name of the SSH ports in answers. */
  readonly sshHost: string
  /** Whether answers tell clients to connect through the manager. */
  readonly sshTunnel: boolean
  /** Password of a GET /reserve without one; null: it is generated. */
  readonly defaultPassword: string | null
  /** Allowed values of the header Host, besides names of the loopback; null: any. */
  readonly hosts: readonly string[] | null
  /** The only origin of pages that may send requests, like https://berth.example.org; null: that of the Host. */
  readonly url: string | null
  /** Maximum requests per minute of one identity or address; 0: no limit. */
  readonly rateLimit: number
}

/** What the routes work with. */
export interface ServerContext {
  /** Version of the manager. */
  readonly version: string
  /** Paths of the files that `GET /client/NAME` serves, by NAME. */
  readonly clientFiles: Readonly<Record<string, string>>
  /** Folder of the built dashboard. It may be missing, and may appear or change at any time. */
  readonly dashboard: string
  readonly reservations: Reservations
  readonly admin: Admin
  readonly tokens: Tokens
  readonly terminals: Terminals
  readonly tunnels: Tunnels
  readonly nodes: Nodes
  /** null without a gateway in this manager. */
  readonly gateway: { readonly figures: GatewayFigures; readonly failedPorts: readonly number[] } | null
  readonly reconciler: Readiness
  readonly store: Store
  readonly pools: Pools
  readonly clock: Clock
  /** Returns the time by which the clock of this machine is ahead of `clock`, in milliseconds. */
  readonly clockOffset: () => number
  readonly log: Log
  readonly metrics: Pick<PrometheusMetrics, 'render' | 'contentType' | 'answered'>
  /** Returns the settings in use. Call it for each request, because a reload may change them. */
  readonly settings: () => ServerSettings
  readonly reload: Reload
  readonly drain: Drain
  /** Public key that signs the host keys, "ssh-ed25519 AAAA…"; null without `ssh.host_ca`. */
  readonly hostCaKey: string | null
  /** Secret from which, with an Idempotency-Key, a password is generated again. Kept outside the database. */
  readonly requestSecret: Uint8Array
  /** Returns how many bytes are free on the disk of the database; null for a database server. */
  readonly freeSpace: () => Promise<number | null>
  /** Interval between the heartbeats of a stream, and the maximum time in which a client reads nothing of an answer. */
  readonly streaming: { readonly heartbeatMs: number; readonly idleTimeoutMs: number }
  readonly authenticate: Authenticate
  readonly isStillValid: IsStillValid
  readonly requestCounts: RequestCounts
  /** null with `auth: none`. */
  readonly signIn: SignIn | null
  /** Addresses and networks of proxies whose X-Forwarded-For is trusted; "loopback" means this machine. */
  readonly trustProxy: readonly string[]
  /** Level of the log line of a request. */
  readonly requestLevel: 'info' | 'debug'
}
