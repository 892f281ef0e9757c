/** The caller's terminals: shells that the manager keeps, even while no window shows them. */
import { useQuery } from '@tanstack/react-query'
import { answerOf, type BerthClient, type components } from '../../../src/client/client.ts'
import { useBerth } from './berth.tsx'

export type OpenTerminal = components['schemas']['Terminal']

/** Returns the caller's terminals, including those that other windows and devices show. */
export function useTerminals() {
  const berth = useBerth()
  return useQuery({
    queryKey: ['terminals'],
    queryFn: ({ signal }) => answerOf(berth.GET('/v1/terminals', { signal })),
    select: (list) => list.terminals,
  })
}

/** Opens a shell in a container. The ticket is for its first viewer. */
export function createTerminal(berth: BerthClient, container: string, size: { cols: number; rows: number }) {
  const { cols, rows } = size
  return answerOf(
    berth.POST('/v1/containers/{name}/terminals', { params: { path: { name: container } }, body: { cols, rows } }),
  )
}

/** Returns a ticket for another viewer. */
export async function terminalTicket(berth: BerthClient, id: string): Promise<string> {
  return (await answerOf(berth.POST('/v1/terminals/{id}/tickets', { params: { path: { id } } }))).ticket
}

/** Ends a shell and what runs in it. Succeeds if it has ended already. */
export async function endTerminal(berth: BerthClient, id: string): Promise<void> {
  await berth.DELETE('/v1/terminals/{id}', { params: { path: { id } } })
}
