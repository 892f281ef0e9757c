import type { Clock } from '../core/clock.ts'
import type { Operating } from '../core/operating.ts'
import type { Pools } from '../core/pools.ts'
import type { Log } from '../core/ports.ts'
import type { Store } from '../core/store.ts'
import type { Reconciler } from '../core/reconciler.ts'
import type { Reserving } from '../core/reserving.ts'
import type { Authenticate } from './access/identity.ts'
import type { AnsweredBefore } from './answered-before.ts'
import type { EventFeed } from './following/event-feed.ts'
import type { Places } from './following/places.ts'
import type { PrometheusMetrics } from './metrics.ts'

/** The same, and what those routes share whose answers wait. */
export interface WaitingContext extends ServerContext {
  readonly feed: EventFeed
  readonly places: Places
}

/** The same, and what those routes share whose answers are kept. */
export interface ListingContext extends ServerContext {
  readonly answered: AnsweredBefore
}

/** What the routes work with. */
export interface ServerContext {
  readonly reserving: Reserving
  readonly operating: Operating
  readonly reconciler: Pick<Reconciler, 'engineAnswers' | 'engineProblem' | 'databaseWritable'>
  readonly store: Store
  readonly pools: Pools
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Pick<PrometheusMetrics, 'render' | 'contentType'>
  /** The name that answers tell people to ssh to. */
  readonly sshHost: string
  /** How often a stream of events says that it is still there, and how long a client may take nothing of an answer, milliseconds. */
  readonly streaming: { readonly heartbeat: number; readonly patience: number }
  /** Names under which this server may be asked, besides those of the loopback; null: any. */
  readonly hosts: readonly string[] | null
  readonly authenticate: Authenticate
  /** Requests a minute of one identity, or of one address without any; 0: any number. */
  readonly rateLimit: number
  /** Resolves after that many milliseconds. */
  readonly pause: (ms: number) => Promise<void>
}
