/** Reserves, waits in the queue, and leaves nothing behind if the command is interrupted. */
import { randomUUID } from 'node:crypto'
import {
  answerOf,
  ApiError,
  type BerthClient,
  type Reservation,
  type Reserved,
  type ReserveRequest,
  Unreachable,
} from '../../client/client.ts'
import { parseDuration } from '../../domain/text/duration.ts'
import { EXIT, Failure } from '../failures.ts'
import type { Cli, CommandContext } from '../command-context.ts'
import { withGrace } from './grace.ts'
import { type Patience, throughOutage } from './outage.ts'
import { formatTime } from '../output/format.ts'

/** Maximum time, in seconds, that the manager holds a request about a waiting reservation until something changes. */
const LONG_POLL_S = 5
/** Maximum time in which a release is repeated. A manager restarts within seconds. */
const RELEASE_PATIENCE_MS = 15_000

/**
 * Returns the active reservation, and shows progress meanwhile. Releases it when the command is interrupted; throws
 * when the wait timed out. Until then a manager that does not answer is called again: it keeps the queue when it
 * restarts. Requests with the same key are one reservation. Without a key and `wait`, it waits some
 * seconds for containers that are being made.
 */
export async function reserveAndWait(
  cli: Cli,
  { client, terminal }: CommandContext,
  body: ReserveRequest,
  idempotencyKey?: string,
): Promise<Reserved> {
  const progress = terminal.progress()
  const interrupted = cli.interrupts.takeOver()
  const patience = { clock: cli.clock, report: (text: string) => progress.report(text), signal: interrupted }
  let reservation: Reservation | undefined
  try {
    progress.status('reserving')
    const deadline = cli.clock() + (parseDuration(body.wait ?? '') ?? 0)
    const { reserved, refused } = await postGracefully(client, body, idempotencyKey, { ...patience, until: deadline })
    reservation = reserved
    const params = { path: { id: reserved.id }, query: { wait: LONG_POLL_S } }
    while (reservation.state !== 'active') {
      interrupted.throwIfAborted()
      const now = cli.clock()
      if (reservation.state === 'ending' || reservation.state === 'ended') {
        const failure = waitFailure(reservation, now)
        throw failure.exit === EXIT.notNow && refused !== null ? refused : failure
      }
      if (reservation.state === 'waiting' && refused !== null) progress.status('waiting for containers to be made')
      else if (reservation.state === 'waiting') progress.report(queueing(reservation, now))
      else if (reservation.state === 'preparing') progress.status('preparing')
      else throw new Failure(EXIT.unreachable, `the manager sent the unknown state "${reservation.state}"`)
      const poll = () => answerOf(client.GET('/v1/reservations/{id}', { params, signal: interrupted }))
      const until: number = reservation.wait_until === null ? now : Date.parse(reservation.wait_until)
      reservation = await throughOutage(poll, { ...patience, until })
    }
    interrupted.throwIfAborted()
    return { ...reservation, ...(reserved.password !== undefined && { password: reserved.password }) }
  } catch (error) {
    if (reservation && interrupted.aborted) await release(client, reservation.id, patience)
    throw error
  } finally {
    progress.stop()
  }
}

interface Posted {
  readonly reserved: Reserved
  /** The refusal of the request without a wait, if it was sent again with a short one. */
  readonly refused: unknown
}

async function postGracefully(
  client: BerthClient,
  body: ReserveRequest,
  key: string | undefined,
  patience: Patience,
): Promise<Posted> {
  const ownKey = key ?? randomUUID()
  try {
    return { reserved: await throughOutage(() => post(client, body, ownKey), patience), refused: null }
  } catch (error) {
    // With a key of the caller, another body would be refused when the command is repeated.
    const patient = key === undefined ? await withGrace(client, body, error) : null
    if (patient === null) throw error
    return { reserved: await post(client, patient, randomUUID()), refused: error }
  }
}

/** Not interrupted by a signal: only the response says what has to be released. */
async function post(client: BerthClient, body: ReserveRequest, idempotencyKey: string): Promise<Reserved> {
  const call = () =>
    answerOf(client.POST('/v1/reservations', { params: { header: { 'idempotency-key': idempotencyKey } }, body }))
  try {
    return await call()
  } catch (error) {
    // If the connection broke before the response, the same key returns the same reservation, not a second one.
    if (error instanceof Unreachable) return call()
    throw error
  }
}

function queueing({ queue, wait_until, pool }: Reservation, now: number): string {
  if (!queue) return 'waiting'
  const expected = queue.estimated_start === null ? '' : `, expected at ${formatTime(queue.estimated_start, now)}`
  const until = wait_until === null ? '' : `; waiting until ${formatTime(wait_until, now)}`
  const problem = queue.problem ? `; ${pool} cannot lend any container: ${queue.problem}` : ''
  return `position ${queue.position} in the queue for ${pool}${expected}${until}${problem}`
}

function waitFailure({ outcome, reason, wait_until }: Reservation, now: number): Failure {
  const why = reason ?? (outcome === null ? '' : `it was ${outcome}`)
  const code = outcome ?? 'failed'
  if (wait_until === null || Date.parse(wait_until) > now) {
    return new Failure(EXIT.failed, `not reserved: ${why}`, { code })
  }
  const advice = 'wait longer, or reserve fewer; `berth pools` shows how many are free'
  return new Failure(EXIT.notNow, `timed out in the queue: ${why}`, { advice, code })
}

/**
 * Releases a reservation. One that is gone or has ended is no failure. For some seconds a manager that does not answer
 * is called again.
 */
export async function release(
  client: BerthClient,
  id: string,
  { clock, report }: Pick<Patience, 'clock' | 'report'>,
): Promise<void> {
  const call = () => answerOf(client.DELETE('/v1/reservations/{id}', { params: { path: { id } } }))
  try {
    await throughOutage(call, { clock, report, until: clock() + RELEASE_PATIENCE_MS })
  } catch (error) {
    if (!(error instanceof ApiError && ['not_found', 'not_active'].includes(error.code))) throw error
  }
}
