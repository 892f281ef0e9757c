/**
 * What the map of a pool shows for each slot. Pure functions, so that only tiles with changed values render again.
 */
import type { Container, Reservation } from '../api/types.ts'

type SlotState = Container['state'] | 'missing'

/** Everything that a tile shows. Two slots with equal values look the same. */
export interface Slot {
  /** "alpine-3" */
  readonly name: string
  readonly number: number
  readonly state: SlotState
  /** Account of the holder; null if it is not reserved, or the caller may not know it. */
  readonly holder: string | null
  /** Id of the reservation that holds it. */
  readonly reservation: string | null
  /** Whether the reservation is the caller's. */
  readonly isOwn: boolean
  /** RFC 3339. */
  readonly endsAt: string | null
  /** RFC 3339: since when it is in its state; null for a slot without a container. */
  readonly since: string | null
  /** Time left of a reserved slot, in sixteenths of its total time; 0 in other states. */
  readonly level: number
  /** Why it is broken or quarantined. */
  readonly error: string | null
}

export interface SlotSources {
  readonly pool: { readonly name: string; readonly size: number }
  /** Of all pools. */
  readonly containers: readonly Container[]
  /** By id. */
  readonly reservations: ReadonlyMap<string, Reservation>
  /** Name of the caller. */
  readonly me: string
  readonly now: number
}

const LEVELS = 16

/** Returns the slots of a pool in order of their numbers; a number without a container is `missing`. */
export function slotsOf({ pool, containers, reservations, me, now }: SlotSources): readonly Slot[] {
  const byNumber = new Map<number, Container>()
  for (const container of containers) {
    if (container.pool === pool.name) byNumber.set(numberOf(container.name), container)
  }
  const most = Math.max(pool.size, ...byNumber.keys())
  return Array.from({ length: most }, (_, index) => {
    const container = byNumber.get(index + 1)
    const reservation = container?.reservation == null ? undefined : reservations.get(container.reservation)
    return slotOf(`${pool.name}-${index + 1}`, index + 1, container, reservation, { me, now })
  })
}

function slotOf(
  name: string,
  number: number,
  container: Container | undefined,
  reservation: Reservation | undefined,
  { me, now }: { me: string; now: number },
): Slot {
  const isHealthy = container?.state !== 'broken' && container?.state !== 'quarantined'
  return {
    name,
    number,
    state: container?.state ?? 'missing',
    holder: reservation?.username ?? null,
    reservation: container?.reservation ?? null,
    isOwn: reservation?.owner === me,
    endsAt: reservation?.expires_at ?? null,
    since: container?.since ?? null,
    level: container?.state === 'reserved' ? levelOf(reservation, now) : 0,
    error: isHealthy ? null : (container?.error ?? null),
  }
}

/** Full if the total time is not known, as for reservations of other owners. */
function levelOf(reservation: Reservation | undefined, now: number): number {
  if (reservation?.expires_at == null || reservation.active_at === null) return LEVELS
  const start = Date.parse(reservation.active_at)
  const end = Date.parse(reservation.expires_at)
  if (end <= start) return 0
  return Math.ceil(Math.min(1, Math.max(0, (end - now) / (end - start))) * LEVELS)
}

export function numberOf(container: string): number {
  return Number(/-(\d+)$/.exec(container)?.[1] ?? 0)
}

export type SlotOrder = 'number' | 'holder' | 'end'

/** Returns the slots in another order. Slots without a holder or an end come last, by number. */
export function ordered(slots: readonly Slot[], order: SlotOrder): readonly Slot[] {
  if (order === 'number') return slots
  const key = order === 'holder' ? (slot: Slot) => slot.holder : (slot: Slot) => slot.endsAt
  return slots.toSorted((one, other) => {
    const [first, second] = [key(one), key(other)]
    if (first === second) return one.number - other.number
    if (first === null || second === null) return first === null ? 1 : -1
    return first < second ? -1 : 1
  })
}

export interface TileSize {
  readonly kind: 'large' | 'medium' | 'small' | 'dot'
  /** CSS pixels, without the gap. */
  readonly width: number
  readonly height: number
  readonly gap: number
}

/** Returns the size of the tiles of a pool with this many slots. */
export function tileSize(slots: number): TileSize {
  if (slots <= 30) return { kind: 'large', width: 168, height: 64, gap: 8 }
  if (slots <= 120) return { kind: 'medium', width: 92, height: 36, gap: 4 }
  if (slots <= 400) return { kind: 'small', width: 28, height: 28, gap: 4 }
  return { kind: 'dot', width: 14, height: 14, gap: 2 }
}

/** Number of dots in a row, where there is room. */
const MAX_DOTS_PER_ROW = 50

/** Returns how many tiles fit into a row: for dots, at most 50, rounded down to a multiple of ten. */
export function columnsIn(width: number, { kind, width: tile, gap }: TileSize): number {
  const fitting = Math.max(1, Math.floor((width + gap) / (tile + gap)))
  if (kind !== 'dot') return fitting
  return Math.min(MAX_DOTS_PER_ROW, fitting >= 10 ? fitting - (fitting % 10) : fitting)
}

/** Returns the index of the tile that a key moves to; null for other keys. */
export function indexAfter(
  key: string,
  ctrl: boolean,
  at: { readonly index: number; readonly columns: number; readonly count: number },
): number | null {
  const { index, columns, count } = at
  const rowStart = index - (index % columns)
  const to: Readonly<Record<string, number>> = {
    ArrowRight: index + 1,
    ArrowLeft: index - 1,
    ArrowDown: index + columns,
    ArrowUp: index - columns,
    Home: ctrl ? 0 : rowStart,
    End: ctrl ? count - 1 : Math.min(rowStart + columns, count) - 1,
    PageDown: index + columns * 10 < count ? index + columns * 10 : count - 1,
    PageUp: Math.max(0, index - columns * 10),
  }
  const wanted = to[key]
  if (wanted === undefined) return null
  return wanted < 0 || wanted >= count ? index : wanted
}
