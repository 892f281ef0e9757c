/** The nodes of the engine, with what is on each of them. */
import { CONTAINER_STATES, type ContainerState } from '../../domain/container.ts'
import { holdersOf, type Reservation } from '../../domain/reservation.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { EngineNode } from '../../ports/engine-node.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Store } from '../../ports/store.ts'

export interface NodeOverview {
  readonly node: EngineNode
  /** Number of containers in each state, none left out. */
  readonly counts: Readonly<Record<ContainerState, number>>
  /** Reservations that a cordoned or unreachable node holds; null for other nodes. */
  readonly held: readonly HeldThere[] | null
}

interface HeldThere {
  readonly reservation: Reservation
  /** Names of its containers on the node. */
  readonly containers: readonly string[]
}

export interface Nodes {
  /** Returns null when the engine is one machine. */
  list(): Promise<readonly NodeOverview[] | null>
}

interface NodesDeps {
  readonly engine: Pick<Engine, 'nodes'>
  readonly store: Pick<Store, 'snapshot'>
}

export function createNodes({ engine, store }: NodesDeps): Nodes {
  return {
    async list() {
      const nodes = await engine.nodes?.()
      return nodes ? overviewOf(nodes, await store.snapshot()) : null
    },
  }
}

function overviewOf(nodes: readonly EngineNode[], { containers, reservations }: Snapshot): NodeOverview[] {
  const holders = holdersOf(reservations)
  const rowsOf = Map.groupBy(containers, ({ node }) => node)
  return nodes.map((node) => {
    const rows = rowsOf.get(node.name) ?? []
    const counts = Object.fromEntries(
      CONTAINER_STATES.map((state) => [state, rows.filter((row) => row.state === state).length]),
    ) as Record<ContainerState, number>
    const names = rows.map(({ name }) => name)
    return { node, counts, held: node.isReachable && !node.isCordoned ? null : heldOf(names, holders) }
  })
}

function heldOf(names: readonly string[], holders: ReadonlyMap<string, Reservation>): HeldThere[] {
  const held = new Map<Reservation, string[]>()
  for (const name of names) {
    const reservation = holders.get(name)
    if (reservation) held.set(reservation, [...(held.get(reservation) ?? []), name])
  }
  return [...held].map(([reservation, containers]) => ({ reservation, containers }))
}
