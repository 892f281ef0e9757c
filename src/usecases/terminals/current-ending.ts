import type { Terminal } from '../../domain/terminal/terminal.ts'
import type { Store } from '../../ports/store.ts'
import { endingOf, type TerminalEnding } from './ending.ts'
import type { TerminalsDeps } from './types.ts'

type EndingDeps = Pick<TerminalsDeps, 'clock' | 'localTime'> & {
  readonly store: Pick<Store, 'snapshot' | 'reservation'>
}

/** Returns why a terminal or a tunnel is over now, by the rows; null while its reservation holds its container. */
export async function currentEnding(
  { store, clock, localTime }: EndingDeps,
  row: Pick<Terminal, 'container' | 'reservation' | 'generation'>,
): Promise<TerminalEnding | null> {
  const { containers, reservations } = await store.snapshot()
  const container = containers.find(({ name }) => name === row.container) ?? null
  const open = reservations.find(({ id }) => id === row.reservation)
  const facts = { container, now: clock(), localTime }
  if (open && endingOf(row, { ...facts, reservation: open }) === null) return null
  return endingOf(row, { ...facts, reservation: await store.reservation(row.reservation) })
}
