/** Extends and releases reservations for their tenants, who ask from inside their containers. */
import type { Clock } from '../../ports/clock.ts'
import { Allowance } from '../../domain/allowance.ts'
import { createLimit } from '../../domain/concurrency.ts'
import { type Container, targetOf } from '../../domain/container.ts'
import { BerthError, reasonOf } from '../../domain/errors.ts'
import type { Pools } from '../../domain/pools.ts'
import { isActive, type Reservation } from '../../domain/reservation.ts'
import { parseSessionRequest, type SessionRequest } from '../../domain/session/request.ts'
import { RELEASED_LINE } from '../../domain/session/notification.ts'
import { sessionTextsOf, whyNotInside } from '../../domain/session/texts.ts'
import { shortSpan } from '../../domain/text/duration.ts'
import type { LocalTime } from '../../domain/text/local-time.ts'
import type { Accounts, SessionAnswer } from '../../ports/accounts.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Log } from '../../ports/log.ts'
import type { Store } from '../../ports/store.ts'
import type { Reservations } from '../reservations.ts'
import type { Owners } from './owners.ts'
import { sessionContextOf } from './session-context.ts'

/** Requests of one container: enough for a person, and no load for the engine when a program repeats them. */
const ALLOWED_REQUESTS = { capacity: 10, perSecond: 1 / 5 }
/** Maximum number of requests in work: a tenant who is root can make each answer take seconds. */
const MAX_CONCURRENT_REQUESTS = 16

export interface SelfServiceDeps {
  readonly pools: Pools
  readonly store: Pick<Store, 'snapshot'>
  readonly engine: Pick<Engine, 'lines' | 'lentTo'>
  readonly accounts: Pick<Accounts, 'answer' | 'notify'>
  readonly reservations: Pick<Reservations, 'extend' | 'release'>
  readonly owners: Owners
  readonly clock: Clock
  readonly log: Log
  readonly localTime: LocalTime
  /** Two managers that listened would each carry out a request. */
  readonly isLeading: () => boolean
}

export interface SelfService {
  /** Listens to the containers that are lent now. Returns when to call it again, in epoch milliseconds. */
  step(): Promise<number>
  /** Resolves when no request is in work. */
  idle(): Promise<void>
}

interface Held {
  readonly reservation: Reservation
  /** The container that the request came from. */
  readonly container: Container
  readonly containers: readonly Container[]
}

/** What is known of one container; a request that comes while two are there is lost. */
interface Desk {
  readonly allowance: Allowance
  inWork: Promise<void> | null
  next: SessionRequest | null
  /** Id of the latest request: a command that gets no answer sends it again. */
  latest: string
}

export function createSelfService(context: SelfServiceDeps): SelfService {
  const { store, engine, accounts, clock, log } = context
  const limit = createLimit(MAX_CONCURRENT_REQUESTS)
  /** By engine id. */
  const desks = new Map<string, Desk>()

  async function step(): Promise<number> {
    if (!engine.lines) return Number.POSITIVE_INFINITY
    const { reservations, containers } = await store.snapshot()
    const held = new Set(
      reservations.filter((r) => isActive(r, clock())).flatMap((r) => r.holds.map((h) => h.container)),
    )
    const ids = containers.flatMap((row) => (held.has(row.name) && row.engineId !== null ? [row.engineId] : []))
    const lent = context.isLeading() ? ids : []
    const known = new Set(lent)
    for (const [id, { inWork }] of desks) if (!known.has(id) && inWork === null) desks.delete(id)
    engine.lines.listen(lent, onLine)
    return Number.POSITIVE_INFINITY
  }

  function onLine(id: string, line: string): void {
    const request = parseSessionRequest(line)
    if (request === null) return
    const now = clock()
    const desk = desks.get(id) ?? newDesk(now)
    desks.set(id, desk)
    if (desk.next !== null || desk.latest === request.id || !desk.allowance.take(1, now)) return
    desk.next = request
    desk.latest = request.id
    desk.inWork ??= serve(id, desk)
  }

  async function serve(id: string, desk: Desk): Promise<void> {
    for (let request = desk.next; request !== null; request = desk.next) {
      desk.next = null
      const current = request
      await limit(() => handle(id, current)).catch((error: unknown) => {
        log.warn('a request from inside a container failed', { type: current.type, reason: reasonOf(error) })
      })
    }
    desk.inWork = null
  }

  /** The container alone says whose reservation it is; null if the engine's ledger says that it is another's. */
  async function heldIn(id: string): Promise<Held | null> {
    const { reservations, containers } = await store.snapshot()
    const container = containers.find(({ engineId }) => engineId === id)
    const holds = (reservation: Reservation) =>
      reservation.holds.some(
        (hold) => hold.container === container?.name && hold.accountGeneration === container.generation,
      )
    const reservation = reservations.find((r) => isActive(r, clock()) && holds(r))
    if (!container || !reservation || (engine.lentTo(id) ?? reservation.id) !== reservation.id) return null
    const names = new Set(reservation.holds.map((hold) => hold.container))
    return { reservation, container, containers: containers.filter(({ name }) => names.has(name)) }
  }

  async function handle(id: string, request: SessionRequest): Promise<void> {
    const held = await heldIn(id)
    if (held === null) return
    const { reservation, container } = held
    log.info('asked from inside', { type: request.type, reservation: reservation.id, container: container.name })
    const release = request.type === 'release' ? await releaseOf(context, held) : null
    const outcome = request.type === 'extend' ? await extend(context, held, request.byMs) : release
    if (outcome === null) return
    const answered = accounts.answer(targetOf(container), { id: request.id, ...outcome.answer })
    const said = outcome.follow === null ? [] : [sayReleased(context, held)]
    // A tenant who is root can prevent both, and only in their own containers.
    await Promise.allSettled([answered, ...said])
    await outcome.follow?.()
  }

  return {
    step,
    async idle() {
      for (;;) {
        const running = [...desks.values()].flatMap(({ inWork }) => inWork ?? [])
        if (running.length === 0) return
        await Promise.all(running)
      }
    },
  }
}

function newDesk(now: number): Desk {
  return { allowance: new Allowance(ALLOWED_REQUESTS, now), inWork: null, next: null, latest: '' }
}

interface RequestOutcome {
  readonly answer: Omit<SessionAnswer, 'id'>
  /** What follows the answer, because no answer can be shown after it. */
  readonly follow: (() => Promise<void>) | null
}

const done = (text: string): RequestOutcome => ({ answer: { isDone: true, text }, follow: null })
const refused = (text: string): RequestOutcome => ({ answer: { isDone: false, text }, follow: null })

/** Returns the owner of the reservation as a caller, or why the tenant may not act for that owner. */
async function callerFor({ pools, owners }: SelfServiceDeps, { reservation }: Held) {
  if (!pools.named(reservation.pool)?.selfService) return { refusal: refused(whyNotInside(reservation)) }
  const caller = await owners.identityOf(reservation.owner)
  const noToken = `${reservation.owner} has no valid token any more; an admin can extend or release it.`
  return caller === null ? { refusal: refused(noToken) } : { caller }
}

/** The same as a PATCH by the owner. */
async function extend(context: SelfServiceDeps, held: Held, byMs: number): Promise<RequestOutcome> {
  const { reservations, clock, localTime, log } = context
  const { caller, refusal } = await callerFor(context, held)
  if (caller === undefined) return refusal
  try {
    let before = 0
    const until = (end: number) => {
      before = end
      return end + byMs
    }
    const { reservation, clamped } = await reservations.extend(held.reservation.id, until, caller)
    const end = reservation.expiresAt ?? before
    const left = `${shortSpan(end - clock())} left`
    if (end === before) return refused(`Not extended: ${clamped}. It ends at ${localTime.dateAndTime(end)}, ${left}.`)
    const capped = clamped === null ? '' : ` Capped: ${clamped}.`
    return done(`Extended until ${localTime.dateAndTime(end)}, ${left}.${capped}`)
  } catch (error) {
    if (!(error instanceof BerthError)) log.error('cannot extend from inside', { reason: reasonOf(error) })
    return refused(`Not extended: ${error instanceof BerthError ? reasonOf(error) : 'the manager failed'}.`)
  }
}

async function releaseOf(context: SelfServiceDeps, held: Held): Promise<RequestOutcome> {
  const { caller, refusal } = await callerFor(context, held)
  if (caller === undefined) return refusal
  const release = async () => void (await context.reservations.release(held.reservation.id, caller))
  return { answer: { isDone: true, text: 'Released. Access ends now.' }, follow: release }
}

/** Writes a last line to every open terminal of the reservation, in all of its containers. */
async function sayReleased(context: SelfServiceDeps, { reservation, containers }: Held): Promise<void> {
  const { pools, engine, accounts, localTime } = context
  const ids = containers.flatMap(({ engineId }) => engineId ?? [])
  const session = await sessionContextOf(engine, pools.named(reservation.pool), ids)
  await accounts.notify(containers.filter(({ engineId }) => engineId !== null).map(targetOf), {
    username: reservation.username,
    line: RELEASED_LINE,
    ...sessionTextsOf(reservation, reservation.expiresAt ?? 0, { ...session, localTime }),
  })
}
