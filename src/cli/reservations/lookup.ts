/** Finds the reservation that the user means: its name is anything that `berth ls` shows of it. */
import { answerOf, type BerthClient, type Reservation } from '../../client/client.ts'
import { EXIT, Failure } from '../failures.ts'

export type State = Reservation['state']

/** States of reservations that have not ended. */
export const CURRENT: readonly State[] = ['waiting', 'preparing', 'active', 'ending']

const PAGE_SIZE = 500

export interface Filter {
  readonly pool?: string
  readonly username?: string
  readonly owner?: string
}

/** Returns the filter for the caller's own reservations. Callers who are not admins see only those anyway. */
export async function mine(client: BerthClient): Promise<Filter> {
  const { name, role } = await answerOf(client.GET('/v1/me'))
  return role === 'admin' ? { owner: name } : {}
}

/** Returns all reservations in these states, newest first. */
export async function listReservations(
  client: BerthClient,
  states: readonly State[],
  filter: Filter = {},
): Promise<Reservation[]> {
  const lists = await Promise.all(states.map((state) => listState(client, { ...filter, state, limit: PAGE_SIZE })))
  return lists.flat().toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1))
}

async function listState(client: BerthClient, query: Filter & { state: State; limit: number }): Promise<Reservation[]> {
  const found: Reservation[] = []
  let cursor: string | undefined
  for (;;) {
    const params = { query: { ...query, ...(cursor !== undefined && { cursor }) } }
    const page = await answerOf(client.GET('/v1/reservations', { params }))
    found.push(...page.reservations)
    if (page.next === null) return found
    cursor = page.next
  }
}

/** A reservation, and its container that was named. */
export interface Chosen {
  readonly reservation: Reservation
  readonly container: Reservation['containers'][number] | undefined
}

/** Shortest beginning of an id that counts as a name. */
const MIN_ID_LENGTH = 4

/**
 * Returns the reservations that `name` fits. The name of a container fits only that container. Any other name can be
 * that of a reservation, an id or its beginning, a user name, or a note.
 */
export function findByName(all: readonly Reservation[], name: string): Chosen[] {
  for (const reservation of all) {
    const container = reservation.containers.find((each) => each.name === name)
    if (container) return [{ reservation, container }]
  }
  return all
    .filter(
      ({ id, username, note, name: reservationName }) =>
        reservationName === name ||
        username === name ||
        note === name ||
        (name.length >= MIN_ID_LENGTH && id.startsWith(name)),
    )
    .map((reservation) => ({ reservation, container: undefined }))
}

/** Like `findByName`. NAME-2 also fits the second container of the reservation NAME, if it fits nothing else. */
export function findContainer(all: readonly Reservation[], name: string): Chosen[] {
  const found = findByName(all, name)
  const [, reservationName, number] = /^(.+)-([1-9]\d*)$/.exec(name) ?? []
  if (found.length > 0 || reservationName === undefined) return found
  return all.flatMap((reservation) => {
    const container = reservation.name === reservationName ? reservation.containers[Number(number) - 1] : undefined
    return container ? [{ reservation, container }] : []
  })
}

/** Like `choose`, for commands that use one container of an active reservation; see `findContainer`. */
export function chooseContainer(client: BerthClient, name: string | undefined): Promise<Chosen> {
  return choose(client, name, ['active'], findContainer)
}

/**
 * Finds the reservation that a name fits, see `findByName`. An admin may name those of other owners; if it fits some of
 * their own, too, it means those. Of several, one with exactly this name is preferred. Without a name: the caller's
 * only one. `states`: those in which the command can use a reservation.
 */
export async function choose(
  client: BerthClient,
  name: string | undefined,
  states: readonly State[] = CURRENT,
  find: typeof findByName = findByName,
): Promise<Chosen> {
  if (name !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name)) {
    const params = { path: { id: name } }
    return { reservation: await answerOf(client.GET('/v1/reservations/{id}', { params })), container: undefined }
  }
  const all = await listReservations(client, states, name === undefined ? await mine(client) : {})
  if (name === undefined) return { reservation: only(all), container: undefined }
  const fitting = find(all, name)
  const [chosen, ...more] = fitting.length > 1 ? preferNamed(await preferOwn(client, fitting), name) : fitting
  if (!chosen) {
    const message = `you have no reservation, container, user name or note "${name}"`
    throw new Failure(EXIT.failed, message, { advice: '`berth ls` lists your reservations', code: 'not_found' })
  }
  if (more.length > 0) {
    const candidates = [chosen, ...more].map(({ reservation }) => reservation)
    throw ambiguous(`"${name}" fits ${candidates.length} reservations; name one of them by its id`, candidates)
  }
  return chosen
}

async function preferOwn(client: BerthClient, fitting: readonly Chosen[]): Promise<readonly Chosen[]> {
  const { name } = await answerOf(client.GET('/v1/me'))
  const own = fitting.filter(({ reservation }) => reservation.owner === name)
  return own.length > 0 ? own : fitting
}

function preferNamed(fitting: readonly Chosen[], name: string): readonly Chosen[] {
  const named = fitting.filter(({ reservation }) => reservation.name === name)
  return named.length > 0 ? named : fitting
}

function only(all: readonly Reservation[]): Reservation {
  const [reservation, ...more] = all
  if (!reservation) {
    const advice = '`berth reserve` reserves one'
    throw new Failure(EXIT.failed, 'you have no reservation', { advice, code: 'not_found' })
  }
  if (more.length > 0) throw ambiguous(`you have ${all.length} reservations; name one of them`, all)
  return reservation
}

function ambiguous(message: string, candidates: readonly Reservation[]): Failure {
  const lines = candidates.slice(0, 10).map((each) => `  ${labelOf(each)}`)
  const rest = candidates.length > lines.length ? [`  and ${candidates.length - lines.length} more`] : []
  return new Failure(EXIT.usage, [message, ...lines, ...rest])
}

/** Returns a line that tells a reservation from others. */
export function labelOf(reservation: Reservation): string {
  const { id, name, username, note } = reservation
  return [short(id), name ?? '', username, namesOf(reservation), note ?? ''].filter((part) => part !== '').join('  ')
}

export function namesOf({ containers }: Reservation): string {
  return containers.map((container) => container.name).join(', ')
}

/** Returns the part of an id that is shown to people. */
export function short(id: string): string {
  return id.slice(0, 8)
}
