import type { Terminal } from '../../domain/terminal/terminal.ts'
import { endingOf, type TerminalEnding } from './ending.ts'
import type { TerminalsDeps } from './types.ts'

/** Returns why the terminal is over now, by the rows; null while its reservation holds its container. */
export async function currentEnding(
  { store, clock, localTime }: Pick<TerminalsDeps, 'store' | 'clock' | 'localTime'>,
  row: Terminal,
): Promise<TerminalEnding | null> {
  const { containers, reservations } = await store.snapshot()
  const container = containers.find(({ name }) => name === row.container) ?? null
  const open = reservations.find(({ id }) => id === row.reservation)
  const facts = { container, now: clock(), localTime }
  if (open && endingOf(row, { ...facts, reservation: open }) === null) return null
  return endingOf(row, { ...facts, reservation: await store.reservation(row.reservation) })
}
