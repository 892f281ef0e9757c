/** What the tests of the store begin with, and look at. */
import type { Container } from '../../src/domain/container.ts'
import type { Claim, ReservationWithContainers, Store } from '../../src/ports/store.ts'
import { claimOf } from '../../lab/claims.ts'
import { NOW } from '../../lab/rows.ts'

/** Gives a store that nobody has used, and closes it after the test. */
export type Open = () => Promise<Store>

export const MINUTE = 60_000

export const places = (count: number, pool = 'p') =>
  Array.from({ length: count }, (_, index) => ({ pool, number: index + 1, port: 2_221 + index }))

/** Containers that are ready, in their first generation. */
export async function fill(store: Store, count: number, pool = 'p'): Promise<void> {
  await store.addContainers(places(count, pool), NOW - MINUTE)
  const { containers } = await store.snapshot()
  for (const row of containers.filter((c) => c.pool === pool && c.generation === 0)) {
    const patch = { state: 'ready', generation: 1, engineId: `engine-${row.name}`, hostKey: 'SHA256:key' } as const
    await store.updateContainer(row, patch, NOW)
  }
}

/** A claim that is known to succeed. */
export async function claimed(store: Store, some: Partial<Claim> = {}): Promise<ReservationWithContainers> {
  const answer = await store.claim(claimOf(some), NOW)
  if (answer.kind !== 'claimed') throw new Error(`not held: ${JSON.stringify(answer)}`)
  return answer.result
}

/** A row that is known to be there. */
export async function rowOf(store: Store, name: string): Promise<Container> {
  const row = await store.container(name)
  if (!row) throw new Error(`there is no ${name}`)
  return row
}

export const namesOf = (rows: readonly { name: string }[]) => rows.map(({ name }) => name)

/** "p-1 ready 1" for each container. */
export async function statesOf(store: Store): Promise<string[]> {
  const { containers } = await store.snapshot()
  return containers.map((c) => `${c.name} ${c.state} ${c.generation}`)
}
