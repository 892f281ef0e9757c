/** Maximum numbers of terminals and viewers. A terminal takes up to 256 KiB of memory, a viewer up to 512 KiB. */
import { BerthError } from '../../domain/errors.ts'
import type { Terminal } from '../../domain/terminal/terminal.ts'
import type { Place } from './place.ts'

/** Enough for a person with several windows. */
const MAX_PER_CONTAINER = 8
/** Enough for a class in one reservation. */
const MAX_PER_RESERVATION = 100
const MAX_TERMINALS = 300
const MAX_VIEWERS_PER_TERMINAL = 8
const MAX_VIEWERS = 500

/** Throws `rate_limited` if the container, the reservation or the database has the maximum number of terminals. */
export function assertRoom(
  open: readonly Pick<Terminal, 'reservation' | 'container'>[],
  { reservation, container }: Place,
): void {
  const theirs = open.filter((each) => each.reservation === reservation.id)
  const here = theirs.filter((each) => each.container === container.name)
  if (here.length >= MAX_PER_CONTAINER) throw full(`${container.name} has ${MAX_PER_CONTAINER} terminals`)
  if (theirs.length >= MAX_PER_RESERVATION) throw full(`the reservation has ${MAX_PER_RESERVATION} terminals`)
  if (open.length >= MAX_TERMINALS) throw full(`there are ${MAX_TERMINALS} terminals`)
}

/** Throws `rate_limited` if the terminal or the manager has the maximum number of viewers. */
export function assertRoomForViewer({ here, all }: { readonly here: number; readonly all: number }): void {
  if (here >= MAX_VIEWERS_PER_TERMINAL) throw full(`the terminal has ${MAX_VIEWERS_PER_TERMINAL} viewers`)
  if (all >= MAX_VIEWERS) throw full(`this manager has ${MAX_VIEWERS} viewers of terminals`)
}

function full(what: string): BerthError {
  return new BerthError('rate_limited', `${what}, the maximum; close some, or try again later`)
}
