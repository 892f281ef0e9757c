/** The reservations that a command changes: those that are named, or all that options describe. */
import type { Command } from 'commander'
import type { BerthClient, Reservation } from '../../client/client.ts'
import { createLimit } from '../../domain/concurrency.ts'
import { collect, given } from '../options/arguments.ts'
import { EXIT, Failure, failureOf } from '../failures.ts'
import { choose, labelOf, listReservations, mine, type State } from './lookup.ts'

/** Maximum concurrent requests of one command. */
const MAX_REQUESTS = 8

export interface SelectionOptions {
  readonly all?: boolean
  readonly everybody?: boolean
  readonly pool?: string
  readonly user?: string
  readonly note?: readonly string[]
}

/** Adds the names and the options of a command that can change several reservations at once. */
export function withSelection(command: Command): Command {
  return command
    .argument('[names...]', 'reservations, containers, user names or notes; not needed if you have only one')
    .option('-a, --all', 'all of your reservations')
    .option('-p, --pool <name>', 'all of your reservations in this pool')
    .option('-u, --user <name>', 'all of your reservations with this account')
    .option('-n, --note <text>', 'all of your reservations with this note; repeatable', collect)
    .option('-e, --everybody', 'with --all, --pool, --user or --note: reservations of all owners (admins)')
}

/** Whether options describe the reservations, and not names. Throws a `Failure` if both do. */
export function isDescribed(names: readonly string[], options: SelectionOptions): boolean {
  const { all, everybody, pool, user, note } = options
  const described = all === true || pool !== undefined || user !== undefined || note !== undefined
  if (described && names.length > 0) {
    throw new Failure(EXIT.usage, '--all, --pool, --user and --note must not be combined with names')
  }
  if (everybody === true && !described) {
    throw new Failure(EXIT.usage, '--everybody requires --all, --pool, --user or --note')
  }
  return described
}

/** Returns the reservations in these states that are named or described, each once; without both, the only one. */
export async function select(
  client: BerthClient,
  names: readonly string[],
  options: SelectionOptions,
  states: readonly State[],
): Promise<Reservation[]> {
  if (!isDescribed(names, options)) {
    const named = names.length > 0 ? names : [undefined]
    const chosen = await Promise.all(named.map((name) => choose(client, name, states)))
    return [...new Map(chosen.map(({ reservation }) => [reservation.id, reservation])).values()]
  }
  const { everybody, pool, user, note } = options
  const owner = everybody ? {} : await mine(client)
  const all = await listReservations(client, states, { ...owner, ...given({ pool, username: user }) })
  // An empty text, as of an unset variable, is not "without a note".
  return note === undefined ? all : all.filter((each) => each.note !== null && note.includes(each.note))
}

/** Says that nothing is described by these options: 'You have no reservation to release with note "lab 7".' */
export function nothingSelected(what: string, { everybody, pool, user, note = [] }: SelectionOptions): string {
  const conditions = [
    ...(pool === undefined ? [] : [`in pool "${pool}"`]),
    ...(user === undefined ? [] : [`with account "${user}"`]),
    ...(note.length === 0 ? [] : [`with note ${note.map((text) => `"${text}"`).join(' or ')}`]),
  ]
  return `${[everybody ? 'There is' : 'You have', `no ${what}`, ...conditions].join(' ')}.`
}

/** Result of `changeEach`: what was changed, and a failure that names what was not. */
interface Changes<T> {
  readonly done: readonly T[]
  readonly failure: Failure | null
}

/** Calls `change` for each reservation. A single one that fails throws; of several, the others are changed anyway. */
export async function changeEach<T>(
  reservations: readonly Reservation[],
  change: (reservation: Reservation) => Promise<T>,
): Promise<Changes<T>> {
  const limit = createLimit(MAX_REQUESTS)
  const results = await Promise.allSettled(reservations.map((each) => limit(() => change(each))))
  const done = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = results.flatMap((result, index) => {
    const reservation = reservations[index]
    return result.status === 'rejected' && reservation ? [{ reservation, error: result.reason as unknown }] : []
  })
  const [first] = failed
  if (!first) return { done, failure: null }
  const why = failureOf(first.error)
  if (!why || reservations.length === 1) throw first.error
  const reasonFor = (error: unknown) => (failureOf(error)?.message ?? String(error)).replaceAll('\n', '; ')
  const lines = failed.map(({ reservation, error }) => `  ${labelOf(reservation)}: ${reasonFor(error)}`)
  const message = [`${failed.length} of ${reservations.length} reservations were not changed`, ...lines]
  return { done, failure: new Failure(why.exit, message, { code: why.code }) }
}
