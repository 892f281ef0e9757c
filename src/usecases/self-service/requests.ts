/** Carries out requests of tenants on behalf of the owner of their reservation. */
import type { Clock } from '../../ports/clock.ts'
import { type Container, targetOf } from '../../domain/container.ts'
import { BerthError, reasonOf } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'
import type { Pools } from '../../domain/pools.ts'
import type { Reservation } from '../../domain/reservation.ts'
import { RELEASED_LINE } from '../../domain/session/notification.ts'
import { sessionTextsOf, whyNotInside } from '../../domain/session/texts.ts'
import { shortSpan } from '../../domain/text/duration.ts'
import type { LocalTime } from '../../domain/text/local-time.ts'
import type { Accounts, SessionAnswer } from '../../ports/accounts.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Log } from '../../ports/log.ts'
import type { Reservations } from '../reservations.ts'
import type { Owners } from './owners.ts'
import { sessionContextOf } from './session-context.ts'

export interface RequestDeps {
  readonly pools: Pools
  readonly engine: Pick<Engine, 'lines'>
  readonly accounts: Pick<Accounts, 'notify'>
  readonly reservations: Pick<Reservations, 'extend' | 'release'>
  readonly owners: Owners
  readonly clock: Clock
  readonly log: Log
  readonly localTime: LocalTime
}

/** Where a request comes from. */
export interface Sender {
  readonly reservation: Reservation
  readonly container: Container
  /** All containers of the reservation. */
  readonly containers: readonly Container[]
}

export interface RequestOutcome {
  readonly answer: Omit<SessionAnswer, 'id'>
  /** Ends access, after which no answer can be shown; null if nothing follows the answer. */
  readonly afterAnswer: (() => Promise<void>) | null
}

/** Extends the reservation as a PATCH by its owner would. */
export async function extend(context: RequestDeps, sender: Sender, byMs: number): Promise<RequestOutcome> {
  const { reservations, clock, localTime, log } = context
  const { caller, refusal } = await callerFor(context, sender)
  if (caller === undefined) return refusal
  try {
    let before = 0
    const until = (end: number) => {
      before = end
      return end + byMs
    }
    const { reservation, clamped } = await reservations.extend(sender.reservation.id, until, caller)
    const end = reservation.expiresAt ?? before
    const left = `${shortSpan(end - clock())} left`
    if (end === before) return refused(`Not extended: ${clamped}. It ends at ${localTime.dateAndTime(end)}, ${left}.`)
    const capped = clamped === null ? '' : ` Capped: ${clamped}.`
    return done(`Extended until ${localTime.dateAndTime(end)}, ${left}.${capped}`)
  } catch (error) {
    if (!(error instanceof BerthError)) {
      const { id } = sender.reservation
      const stack = error instanceof Error ? error.stack : undefined
      log.error('an extension from inside failed', { reservation: id, reason: reasonOf(error), stack })
    }
    return refused(`Not extended: ${error instanceof BerthError ? reasonOf(error) : 'the manager failed'}.`)
  }
}

/** Returns how to release the reservation as its owner would, after the answer. */
export async function release(context: RequestDeps, sender: Sender): Promise<RequestOutcome> {
  const { caller, refusal } = await callerFor(context, sender)
  if (caller === undefined) return refusal
  const afterAnswer = async () => void (await context.reservations.release(sender.reservation.id, caller))
  return { answer: { isDone: true, text: 'Released. Access ends now.' }, afterAnswer }
}

/** Writes a last line to every open terminal of the reservation, in all of its containers. */
export async function notifyReleased(context: RequestDeps, { reservation, containers }: Sender): Promise<void> {
  const { pools, engine, accounts, localTime } = context
  const targets = containers.filter(({ engineId }) => engineId !== null).map(targetOf)
  const ids = targets.map(({ id }) => id)
  const session = await sessionContextOf(engine, pools.named(reservation.pool), ids)
  await accounts.notify(targets, {
    username: reservation.username,
    line: RELEASED_LINE,
    ...sessionTextsOf(reservation, reservation.expiresAt ?? 0, { ...session, localTime }),
  })
}

type Permission =
  | { readonly caller: Identity; readonly refusal?: undefined }
  | { readonly caller?: undefined; readonly refusal: RequestOutcome }

/** Returns the owner of the reservation as a caller, or why the tenant may not act for that owner. */
async function callerFor({ pools, owners }: RequestDeps, { reservation }: Sender): Promise<Permission> {
  if (!pools.named(reservation.pool)?.selfService) return { refusal: refused(whyNotInside(reservation)) }
  const caller = await owners.identityOf(reservation.owner)
  const noToken = `${reservation.owner} no longer has a valid token; an admin can extend or release it.`
  return caller === null ? { refusal: refused(noToken) } : { caller }
}

function done(text: string): RequestOutcome {
  return { answer: { isDone: true, text }, afterAnswer: null }
}

function refused(text: string): RequestOutcome {
  return { answer: { isDone: false, text }, afterAnswer: null }
}
