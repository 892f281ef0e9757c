/** Extends and releases reservations for their tenants, who ask from inside their containers. */
import { targetOf } from '../../domain/container.ts'
import { describeReservation, isActive, type Reservation } from '../../domain/reservation.ts'
import type { SessionRequest } from '../../domain/session/request.ts'
import type { Accounts } from '../../ports/accounts.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Store } from '../../ports/store.ts'
import { Inboxes } from './inboxes.ts'
import { extend, notifyReleased, release, type RequestDeps, type Sender } from './requests.ts'

export interface SelfServiceDeps extends RequestDeps {
  readonly store: Pick<Store, 'snapshot'>
  readonly engine: Pick<Engine, 'lines' | 'lentTo'>
  readonly accounts: Pick<Accounts, 'answer' | 'notify'>
  /** Two managers that listened would each carry out a request. */
  readonly isLeading: () => boolean
}

export interface SelfService {
  /** Listens to the containers that are lent now, if this manager leads. */
  step(): Promise<void>
  /** Resolves when no request is in work. */
  idle(): Promise<void>
}

export function createSelfService(context: SelfServiceDeps): SelfService {
  const { store, engine, clock, log } = context
  const inboxes = new Inboxes({ clock, log, handle: (id, request) => handle(context, id, request) })
  return {
    async step() {
      if (!engine.lines) return
      const { reservations, containers } = await store.snapshot()
      const active = reservations.filter((reservation) => isActive(reservation, clock()))
      const held = new Set(active.flatMap(({ holds }) => holds.map(({ container }) => container)))
      const ids = containers.flatMap(({ name, engineId }) => (held.has(name) && engineId !== null ? [engineId] : []))
      const lent = context.isLeading() ? ids : []
      inboxes.keep(new Set(lent))
      engine.lines.listen(lent, (id, line) => inboxes.accept(id, line))
    },
    idle: () => inboxes.idle(),
  }
}

async function handle(context: SelfServiceDeps, id: string, request: SessionRequest): Promise<void> {
  const sender = await senderOf(context, id)
  if (sender === null) return
  const { reservation, container } = sender
  const { accounts, log } = context
  log.info(`${request.type} of ${describeReservation(reservation)} requested from inside ${container.name}`, {
    type: request.type,
    reservation: reservation.id,
    container: container.name,
  })
  const outcome =
    request.type === 'extend' ? await extend(context, sender, request.byMs) : await release(context, sender)
  const messages = [accounts.answer(targetOf(container), { id: request.id, ...outcome.answer })]
  if (outcome.afterAnswer !== null) messages.push(notifyReleased(context, sender))
  // A tenant who is root can prevent both, and only in their own containers.
  await Promise.allSettled(messages)
  await outcome.afterAnswer?.()
}

/** The container alone says whose reservation it is; null if the engine's ledger says that it is another's. */
async function senderOf({ store, engine, clock }: SelfServiceDeps, id: string): Promise<Sender | null> {
  const { reservations, containers } = await store.snapshot()
  const container = containers.find(({ engineId }) => engineId === id)
  const holds = (reservation: Reservation) =>
    reservation.holds.some(
      (hold) => hold.container === container?.name && hold.accountGeneration === container.generation,
    )
  const reservation = reservations.find((each) => isActive(each, clock()) && holds(each))
  if (!container || !reservation || (engine.lentTo(id) ?? reservation.id) !== reservation.id) return null
  const names = new Set(reservation.holds.map((hold) => hold.container))
  return { reservation, container, containers: containers.filter(({ name }) => names.has(name)) }
}
