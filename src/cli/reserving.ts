/** Reserving as people want it: ask, wait in the queue if need be, and leave nothing behind when they give up. */
import { randomUUID } from 'node:crypto'
import {
  answerOf,
  ApiError,
  type BerthClient,
  type Reservation,
  type Reserved,
  type ReserveRequest,
  Unreachable,
} from '../client/client.ts'
import { EXIT, Failure } from './failures.ts'
import type { Progress } from './progress.ts'
import type { Cli, Session } from './session.ts'
import { clockTime } from './times.ts'

/** Seconds that the manager may keep a question about a waiting reservation; also how old what is told may be. */
const ASK_FOR = 5

interface Reserving {
  readonly client: BerthClient
  readonly progress: Progress
  readonly interrupted: AbortSignal
  readonly now: () => number
}

/** Reserves, and shows what it waits for. `key` makes a request that is sent twice one reservation. */
export async function askFor(cli: Cli, session: Session, body: ReserveRequest, key?: string): Promise<Reserved> {
  const progress = session.terminal.progress()
  try {
    const interrupted = cli.interrupts.takeOver()
    return await reserve({ client: session.client, progress, interrupted, now: cli.clock }, body, key)
  } finally {
    progress.stop()
  }
}

/** Gives it active. When it is interrupted, or the wait was in vain, nothing of it is left. */
async function reserve(
  { client, progress, interrupted, now }: Reserving,
  body: ReserveRequest,
  idempotencyKey: string = randomUUID(),
): Promise<Reserved> {
  progress.hint('reserving')
  const reserved = await post(client, body, idempotencyKey)
  try {
    const active = await untilActive({ client, progress, interrupted, now }, reserved)
    return { ...active, ...(reserved.password !== undefined && { password: reserved.password }) }
  } catch (error) {
    if (interrupted.aborted) await release(client, reserved.id)
    throw error
  }
}

/** Not cut short by a signal: only its answer tells what there is to release. */
async function post(client: BerthClient, body: ReserveRequest, idempotencyKey: string): Promise<Reserved> {
  const params = { header: { 'idempotency-key': idempotencyKey } }
  try {
    return await answerOf(client.POST('/v1/reservations', { params, body }))
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    // The connection may have broken before the answer: the same key has the same reservation, not a second one.
    return answerOf(client.POST('/v1/reservations', { params, body }))
  }
}

async function untilActive(
  { client, progress, interrupted, now }: Reserving,
  first: Reservation,
): Promise<Reservation> {
  let reservation = first
  while (reservation.state !== 'active') {
    interrupted.throwIfAborted()
    if (reservation.state === 'ending' || reservation.state === 'ended') throw inVain(reservation, now())
    if (reservation.state === 'waiting') progress.tell(queueing(reservation, now()))
    else progress.hint('preparing')
    const params = { path: { id: reservation.id }, query: { wait: ASK_FOR } }
    reservation = await answerOf(client.GET('/v1/reservations/{id}', { params, signal: interrupted }))
  }
  interrupted.throwIfAborted()
  return reservation
}

function queueing({ queue, wait_until, pool }: Reservation, now: number): string {
  if (!queue) return 'waiting'
  const expected = queue.estimated_start === null ? '' : `, expected at ${clockTime(queue.estimated_start, now)}`
  const until = wait_until === null ? '' : `; waiting until ${clockTime(wait_until, now)}`
  return `place ${queue.position} in the queue for ${pool}${expected}${until}`
}

function inVain({ outcome, reason, wait_until }: Reservation, now: number): Failure {
  const late = wait_until !== null && Date.parse(wait_until) <= now
  const why = reason ?? (outcome === null ? '' : `it was ${outcome}`)
  const advice = late ? 'wait longer, or ask for less; `berth pools` shows what is free' : undefined
  const message = late ? `nothing became free in time: ${why}` : `no reservation: ${why}`
  return new Failure(late ? EXIT.notNow : EXIT.failed, message, {
    ...(advice && { advice }),
    code: outcome ?? 'failed',
  })
}

/** Gone or over is success. */
export async function release(client: BerthClient, id: string): Promise<void> {
  try {
    await answerOf(client.DELETE('/v1/reservations/{id}', { params: { path: { id } } }))
  } catch (error) {
    if (!(error instanceof ApiError && ['not_found', 'not_active'].includes(error.code))) throw error
  }
}
