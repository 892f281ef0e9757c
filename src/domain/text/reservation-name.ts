/** Names that owners give to their reservations. */

const MAX_LENGTH = 32
const NAME = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/
/** The eight digits of an id that `berth ls` shows, or more of an id. */
const LIKE_AN_ID = /^[0-9a-f]{8}(?:-|$)|^[0-9a-f]{9,}$/

/**
 * Returns why a reservation cannot have this name, in words that follow "name"; null if it can. Commands accept names,
 * ids and containers in the same place, so a name must not look like an id or a container. As NAME-2 is the second
 * container of a reservation, a name must not be that of a pool, either.
 */
export function reservationNameProblem(name: string, pools: readonly string[]): string | null {
  if (!NAME.test(name)) {
    const allowed = `must be 1 to ${MAX_LENGTH} characters a-z, 0-9 and "-", begin with a letter and not end in "-"`
    return `${allowed}, like web or job-1234; got ${JSON.stringify(name.slice(0, 2 * MAX_LENGTH))}`
  }
  if (LIKE_AN_ID.test(name)) return `must not look like the id of a reservation, got "${name}"`
  if (pools.includes(name)) return `must not be the name of a pool, got "${name}"`
  const pool = pools.find((each) => name.startsWith(`${each}-`) && /^\d+$/.test(name.slice(each.length + 1)))
  return pool === undefined ? null : `must not look like a container of pool "${pool}", got "${name}"`
}
