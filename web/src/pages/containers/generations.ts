/** The history of a container: one entry for each generation, from the events of the audit log. */
import type { Event } from '../../api/types.ts'
import { MANAGER } from '../../words/callers.ts'

export interface Generation {
  readonly generation: number
  /** When its creation began; null if that event is not kept any more. */
  readonly createdAt: string | null
  readonly readyAt: string | null
  /** Reservations that held it, oldest first. */
  readonly holders: readonly Holder[]
  /** When and by whom it was quarantined; null if it was not. */
  readonly quarantined: { readonly at: string; readonly by: string } | null
  /** When and why it ended; null while it is there. */
  readonly ended: End | null
  /** Why it could not be created or checked, oldest first. */
  readonly failures: readonly { readonly at: string; readonly reason: string }[]
}

interface Holder {
  readonly reservation: string
  readonly owner: string | null
  readonly username: string | null
  readonly at: string
}

interface End {
  readonly at: string
  readonly by: string
  /** A sentence. */
  readonly why: string
}

type Draft = { -readonly [Key in keyof Generation]: Generation[Key] }

/** Returns the generations, latest first, of the events of one container in the order of the log. */
export function generationsOf(events: readonly Event[]): Generation[] {
  const found = new Map<number, Draft>()
  for (const event of events) {
    if (event.generation === null) continue
    const draft = found.get(event.generation) ?? begin(event.generation)
    found.set(event.generation, draft)
    take(draft, event)
  }
  const latestFirst = [...found.values()].toSorted((one, other) => other.generation - one.generation)
  const begins = firstTimes(events)
  return latestFirst.map((one, index) => superseded(one, begins.get(latestFirst[index - 1]?.generation)))
}

/** Returns when the first event of each generation happened. */
function firstTimes(events: readonly Event[]): Map<number | undefined, string> {
  const times = new Map<number | undefined, string>()
  for (const { generation, at } of events) if (generation !== null && !times.has(generation)) times.set(generation, at)
  return times
}

/**
 * Only the latest generation can be there. One that never worked, or was lost while it was reserved, ends without an
 * event of its own at `nextAt`, when the next one begins.
 */
function superseded(one: Generation, nextAt: string | undefined): Generation {
  if (one.ended !== null || nextAt === undefined) return one
  return { ...one, ended: { at: nextAt, by: MANAGER, why: whySuperseded(one) } }
}

function whySuperseded({ failures, holders }: Generation): string {
  if (holders.length > 0) return 'it was lost, and was replaced under its reservation'
  const failure = failures.at(-1)
  return failure ? `it did not work: ${failure.reason}` : 'replaced by the next generation'
}

function begin(generation: number): Draft {
  return { generation, createdAt: null, readyAt: null, holders: [], quarantined: null, ended: null, failures: [] }
}

function take(draft: Draft, event: Event): void {
  const { at, by, detail } = event
  // Other kinds say nothing about a generation.
  const kind: string = event.kind
  switch (kind) {
    case 'container.creating':
      draft.createdAt ??= at
      return
    case 'container.ready':
      draft.readyAt ??= at
      return
    case 'container.quarantined':
      draft.quarantined ??= { at, by }
      return
    case 'container.replaced':
      // It is created for a reservation, which holds it from the beginning.
      draft.createdAt ??= at
      addHolder(draft, event)
      return
    case 'container.reserved':
      addHolder(draft, event)
      return
    case 'container.broken':
      draft.failures = [...draft.failures, { at, reason: detail ?? 'unknown reason' }]
      return
    case 'container.removing':
    case 'container.reset':
    case 'container.dropped':
      // The first of these events names who caused the end; later ones only continue it.
      draft.ended ??= { at, by, why: whyEnded(draft, event) }
      return
  }
}

function addHolder(draft: Draft, { at, reservation, owner, username }: Event): void {
  if (reservation !== null) draft.holders = [...draft.holders, { reservation, owner, username, at }]
}

function whyEnded({ holders, quarantined }: Draft, { kind, by, detail, reservation }: Event): string {
  const person = by === MANAGER ? null : by
  if (kind === 'container.reset') return person === null ? 'reset' : `reset by ${person}`
  if (kind === 'container.dropped') return detail ?? 'the pool became smaller'
  if (quarantined !== null && kind === 'container.removing') {
    return person === null ? 'returned from quarantine' : `returned from quarantine by ${person}`
  }
  if (detail !== null) return person === null ? detail : `${detail} (${person})`
  if (reservation !== null || holders.length > 0) {
    return person === null ? 'its reservation ended' : `its reservation was released by ${person}`
  }
  return person === null ? 'recycled by Berth' : `recycled by ${person}`
}
