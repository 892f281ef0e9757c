/**
 * Metrics for Prometheus. Labels are pools, states, codes and patterns of routes: no names, no secrets. A test compares
 * them with docs/metrics.md.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { CONTAINER_STATES, oldestUncleanMs } from '../../domain/container.ts'
import type { Pool } from '../../domain/pool.ts'
import type { Metrics, Timed } from '../../ports/metrics.ts'
import { waitingFor } from '../../domain/queue.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import { type Outcome, type ReservationState, stateAt } from '../../domain/reservation.ts'
import { declareConnectionMetrics, type OpenConnectionCounts } from './connection-metrics.ts'
import { type Answered, declareRequestMetrics } from './request-metrics.ts'

/** Records, so that a new state or verb does not compile before it is counted here. */
const OPEN_STATES: Record<Exclude<ReservationState, 'ended'>, null> = {
  waiting: null,
  preparing: null,
  active: null,
  ending: null,
}
/** Waiting in the queue has a histogram of its own: it is not work. */
const TIMED: Record<Exclude<Timed, 'queue'>, null> = {
  reserve: null,
  revoke: null,
  adopt: null,
  build: null,
  prepare: null,
  recycle: null,
  restore: null,
}

/** Seconds: from an exec that makes an account to a playbook that installs a desktop. */
const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600]
/** Seconds: from a container that was being recycled anyway to a week. */
const QUEUE_BUCKETS = [1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 259_200, 604_800]

/** Codes that are shown as 0 before they occur, so that an alert sees the first one. */
const EXPECTED_REFUSALS = ['not_enough', 'quota_exceeded', 'pool_unusable', 'engine_unavailable'] as const
const OUTCOMES: Record<Outcome, null> = {
  released: null,
  expired: null,
  abandoned: null,
  failed: null,
  cancelled: null,
}

export interface Build {
  /** Version of the manager. */
  readonly version: string
  /** Kind of the engine: "docker". */
  readonly engine: string
}

/** What neither pools nor rows say. */
interface Present extends OpenConnectionCounts {
  readonly now: number
  readonly isLeading: boolean
  /** Time by which this machine's clock is ahead of the database's. */
  readonly clockOffsetMs: number
}

export interface PrometheusMetrics extends Metrics {
  /** Counts a request that was answered. */
  answered(answered: Answered): void
  readonly contentType: string
  /** Returns the exposition text, with the present gauges. */
  render(pools: readonly Pool[], snapshot: Snapshot, present: Present): Promise<string>
}

/**
 * Interval of the measurement of the event loop's lag, and the least lag that shows. The default, 10 ms, takes half of
 * the processor time of a manager at rest.
 */
const LAG_EVERY_MS = 50

/** Declares all metrics in a registry. */
function declareMetrics(registry: Registry) {
  const registers = [registry]
  return {
    containers: new Gauge({
      registers,
      name: 'berth_containers',
      help: 'Containers by state',
      labelNames: ['pool', 'state'],
    }),
    reservations: new Gauge({
      registers,
      name: 'berth_reservations',
      help: 'Reservations that have not ended, by state',
      labelNames: ['pool', 'state'],
    }),
    sizes: new Gauge({
      registers,
      name: 'berth_pool_size',
      help: 'Current target size of the pool',
      labelNames: ['pool'],
    }),
    queueDepth: new Gauge({
      registers,
      name: 'berth_queue_depth',
      help: 'Reservations that wait for containers',
      labelNames: ['pool'],
    }),
    oldestUnclean: new Gauge({
      registers,
      name: 'berth_oldest_unclean_container_seconds',
      labelNames: ['pool'],
      help: 'For how long a container has been waiting to be destroyed, or has been broken; 0 when none is',
    }),
    durations: new Histogram({
      registers,
      name: 'berth_operation_duration_seconds',
      labelNames: ['operation'],
      buckets: BUCKETS,
      help: 'Duration of successful operations; revoke is measured from the time at which access was due to end',
    }),
    queueWait: new Histogram({
      registers,
      name: 'berth_queue_wait_seconds',
      buckets: QUEUE_BUCKETS,
      help: 'Time from a queued reserve until its reservation became active',
    }),
    failures: new Counter({
      registers,
      name: 'berth_engine_errors_total',
      labelNames: ['code'],
      help: 'Work in the engine or inside a container that failed, by error code',
    }),
    refusals: new Counter({
      registers,
      name: 'berth_reserves_refused_total',
      labelNames: ['pool', 'code'],
      help: 'Reserves that were refused or failed, by error code, without invalid requests',
    }),
    endings: new Counter({
      registers,
      name: 'berth_reservations_ended_total',
      labelNames: ['pool', 'outcome'],
      help: 'Reservations that this manager has ended since it started, by outcome',
    }),
    leader: new Gauge({
      registers,
      name: 'berth_leader',
      help: '1 while this manager is the leader, which works on the containers; otherwise 0',
    }),
    clockOffset: new Gauge({
      registers,
      name: 'berth_clock_offset_seconds',
      help: 'Time by which the clock of this machine is ahead of that of the database',
    }),
    build: new Gauge({
      registers,
      name: 'berth_build_info',
      labelNames: ['version', 'node', 'engine'],
      help: 'Always 1; the labels are the versions of the manager and of Node, and the kind of the engine',
    }),
  }
}

type Gauges = Pick<
  ReturnType<typeof declareMetrics>,
  'containers' | 'reservations' | 'sizes' | 'queueDepth' | 'oldestUnclean'
>

function refresh(gauges: Gauges, pools: readonly Pool[], snapshot: Snapshot, now: number): void {
  const { containers, reservations, sizes, queueDepth, oldestUnclean } = gauges
  for (const gauge of [containers, reservations, sizes, queueDepth, oldestUnclean]) gauge.reset()
  for (const { name, size } of pools) sizes.set({ pool: name }, size)
  const names = new Set([...pools.map((pool) => pool.name), ...snapshot.containers.map((c) => c.pool)])
  for (const pool of names) {
    const rows = snapshot.containers.filter((c) => c.pool === pool)
    const lent = snapshot.reservations.filter((r) => r.pool === pool)
    for (const state of CONTAINER_STATES) {
      containers.set({ pool, state }, rows.filter((c) => c.state === state).length)
    }
    for (const state of Object.keys(OPEN_STATES)) {
      reservations.set({ pool, state }, lent.filter((r) => stateAt(r, now) === state).length)
    }
    queueDepth.set({ pool }, waitingFor(snapshot, pool, now).length)
    oldestUnclean.set({ pool }, oldestUncleanMs(rows, now) / 1_000)
  }
}

export function openMetrics({ version, engine }: Build): PrometheusMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_EVERY_MS })
  const { durations, queueWait, failures, refusals, endings, leader, clockOffset, build, ...gauges } =
    declareMetrics(registry)
  const answered = declareRequestMetrics(registry)
  const setConnections = declareConnectionMetrics(registry)
  build.set({ version, node: process.version, engine }, 1)
  for (const operation of Object.keys(TIMED)) durations.zero({ operation })

  return {
    contentType: registry.contentType,
    observe(operation, ms) {
      const seconds = Math.max(0, ms) / 1_000
      if (operation === 'queue') queueWait.observe(seconds)
      else durations.observe({ operation }, seconds)
    },
    failure: (code) => failures.inc({ code }),
    refused: (pool, code) => refusals.inc({ pool, code }),
    ended: (pool, outcome) => endings.inc({ pool, outcome }),
    answered,
    render(pools, snapshot, { now, isLeading, clockOffsetMs, ...open }) {
      setConnections(open)
      leader.set(isLeading ? 1 : 0)
      clockOffset.set(clockOffsetMs / 1_000)
      for (const { name: pool } of pools) {
        for (const code of EXPECTED_REFUSALS) refusals.inc({ pool, code }, 0)
        for (const outcome of Object.keys(OUTCOMES)) endings.inc({ pool, outcome }, 0)
      }
      refresh(gauges, pools, snapshot, now)
      return registry.metrics()
    },
  }
}
