/** Events of containers and of pool sizes, and the states before and after them. */
import type { ContainerState } from '../container.ts'
import type { BerthEvent, EventKind } from '../event.ts'

export type PoolChange = Pick<
  BerthEvent,
  'id' | 'at' | 'kind' | 'pool' | 'container' | 'generation' | 'reservation' | 'detail'
>

/** `absent`: there is no such container. */
export type SlotState = ContainerState | 'absent'

const STATES_AFTER: Partial<Record<EventKind, SlotState>> = {
  'container.creating': 'creating',
  'container.ready': 'ready',
  'container.reserved': 'reserved',
  'container.removing': 'removing',
  'container.broken': 'broken',
  'container.quarantined': 'quarantined',
  'container.reset': 'reserved',
  'container.replaced': 'reserved',
  'container.dropped': 'absent',
}

/** Kinds of events from which series are computed. */
export const POOL_CHANGE_KINDS: readonly EventKind[] = [...(Object.keys(STATES_AFTER) as EventKind[]), 'pool.scaled']

/** Returns the state of the container after the event; null if the event is not about one. */
export function stateAfter({ kind }: PoolChange): SlotState | null {
  return STATES_AFTER[kind] ?? null
}

/** Returns the state of the container before the event if the event determines it; otherwise null. */
export function certainStateBefore({ kind, generation, reservation }: PoolChange): SlotState | null {
  if (kind === 'container.reserved') return 'ready'
  if (kind === 'container.reset' || kind === 'container.replaced') return 'reserved'
  if (kind === 'container.removing' && reservation !== null) return 'reserved'
  // A new slot is counted from the creation of its first container.
  if (kind === 'container.creating' && generation === 1) return 'absent'
  return null
}

/** Returns the most likely state before the event, for a container whose earlier events were deleted. */
export function likelyStateBefore(change: PoolChange): SlotState {
  if (change.kind === 'container.ready' || change.kind === 'container.broken') return 'creating'
  if (change.kind === 'container.creating' || change.kind === 'container.dropped') return 'removing'
  return certainStateBefore(change) ?? 'ready'
}

/** Whether a container in this state is on its way from the end of its use to ready. */
export function isRecycling(state: SlotState): boolean {
  return state === 'removing' || state === 'creating' || state === 'broken'
}

export interface EarlierState {
  /** null: no event determines it. */
  readonly state: SlotState | null
  /** Start of the recycling that was under way; null: none was. */
  readonly recyclingSince: number | null
}

/**
 * Returns the state of a container after the last of its events. `changes` are newest first. Returns null if earlier
 * events are needed. `isAll`: there are no earlier events.
 */
export function earlierState(changes: readonly PoolChange[], isAll: boolean): EarlierState | null {
  const latest = changes[0]
  const state = latest ? stateAfter(latest) : null
  let recyclingSince: number | null = null
  for (const change of changes) {
    if (!isRecycling(stateAfter(change) ?? 'absent')) return { state, recyclingSince }
    if (change.kind === 'container.removing') recyclingSince = change.at
    if (certainStateBefore(change) !== null) return { state, recyclingSince }
  }
  return isAll ? { state, recyclingSince } : null
}
