/** What a new size of a pool does to its slots. */
import type { Container, Pool } from '../../api/types.ts'
import { numberOf } from '../../slots/slots.ts'

export interface SizePlan {
  /** Why the manager refuses the size; null if it accepts it. */
  readonly problem: string | null
  /** Slots whose containers are destroyed at once. */
  readonly now: readonly string[]
  /** Reserved slots, which are removed when they are released. */
  readonly later: readonly string[]
  /** Slots that are created. */
  readonly added: readonly string[]
}

/** The limits of a size: what is reserved, and the number of ports. */
export function sizeLimits({ containers, ports }: Pick<Pool, 'containers' | 'ports'>): { min: number; max: number } {
  return { min: containers['reserved'] ?? 0, max: ports }
}

/** `containers` are those of all pools. */
export function sizePlan(
  pool: Pick<Pool, 'name' | 'containers' | 'ports'>,
  containers: readonly Pick<Container, 'name' | 'pool' | 'state'>[],
  typed: string,
): SizePlan {
  const nothing = { now: [], later: [], added: [] }
  const { min, max } = sizeLimits(pool)
  if (!/^\d+$/.test(typed.trim())) return { problem: `A whole number from ${min} to ${max}`, ...nothing }
  const size = Number(typed)
  if (size < min) return { problem: `${min} ${min === 1 ? 'is' : 'are'} reserved: release some first`, ...nothing }
  if (size > max) return { problem: `At most ${max}: the pool has no more SSH ports in berth.yml`, ...nothing }
  const own = containers.filter((one) => one.pool === pool.name)
  const going = own.filter(({ name }) => numberOf(name) > size)
  const numbers = new Set(own.map(({ name }) => numberOf(name)))
  const names = (some: typeof own) => some.map(({ name }) => name).toSorted((a, b) => numberOf(a) - numberOf(b))
  return {
    problem: null,
    // Containers in state removing disappear in any case.
    now: names(going.filter(({ state }) => state !== 'reserved' && state !== 'removing')),
    later: names(going.filter(({ state }) => state === 'reserved')),
    added: Array.from({ length: size }, (_, index) => index + 1)
      .filter((number) => !numbers.has(number))
      .map((number) => `${pool.name}-${number}`),
  }
}

/** Returns "alpine-8 is removed at once. alpine-10 is removed when it is released."; "" if nothing changes. */
export function planText({ now, later, added }: SizePlan): string {
  return [
    now.length > 0 ? `${list(now)} ${now.length === 1 ? 'is' : 'are'} removed at once.` : '',
    later.length > 0
      ? `${list(later)} ${later.length === 1 ? 'is removed when it is' : 'are removed when they are'} released.`
      : '',
    added.length > 0 ? `${list(added)} ${added.length === 1 ? 'is' : 'are'} created.` : '',
  ]
    .filter(Boolean)
    .join(' ')
}

/** Longer lists of names are shown as a range. */
const MAX_NAMES = 6

function list(names: readonly string[]): string {
  if (names.length <= MAX_NAMES) return names.join(', ')
  return `${names[0]} to ${names.at(-1)} (${names.length})`
}
