/** The caller's terminals: shells that the manager keeps, also while no window shows them. */
import { useQuery } from '@tanstack/react-query'
import { problemOf, Unreachable } from '../../../src/client/client.ts'

export interface OpenTerminal {
  readonly id: string
  readonly container: string
  readonly reservation: string
  readonly username: string
  readonly created_at: string
  /** The shell survives a restart of the manager. */
  readonly persistent: boolean
  /** How many windows show it. */
  readonly viewers: number
}

async function request<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const response = await fetch(path, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  }).catch((error: unknown) => {
    throw new Unreachable(location.origin, error)
  })
  const answer: unknown = response.status === 204 ? null : await response.json().catch(() => null)
  if (!response.ok) throw problemOf(answer, response)
  return answer as T
}

export const terminals = {
  create: (container: string, size: { cols: number; rows: number }) =>
    request<OpenTerminal & { ticket: string }>('POST', `/v1/containers/${encodeURIComponent(container)}/terminals`, {
      cols: size.cols,
      rows: size.rows,
    }),
  ticket: async (id: string) =>
    (await request<{ ticket: string }>('POST', `/v1/terminals/${encodeURIComponent(id)}/tickets`)).ticket,
  end: (id: string) => request<null>('DELETE', `/v1/terminals/${encodeURIComponent(id)}`),
}

/** Returns the caller's terminals, with those that other windows and devices show. */
export function useTerminals() {
  return useQuery({
    queryKey: ['terminals'],
    queryFn: () => request<{ terminals: OpenTerminal[] }>('GET', '/v1/terminals'),
    select: (list) => list.terminals,
  })
}
