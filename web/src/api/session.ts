/** The session of this browser: who is signed in, and how others could sign in. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useApi } from './berth.tsx'
import { problemOf, Unreachable } from '../../../src/client/client.ts'

export interface Session {
  readonly identity: { readonly name: string; readonly role: string } | null
  readonly auth: 'none' | 'session' | 'token' | 'oidc' | null
  /** Ways to sign in; empty if the manager wants no authentication. */
  readonly ways: readonly ('token' | 'oidc')[]
  /** URL of the identity provider. */
  readonly provider: string | null
  readonly session: {
    readonly id: string
    readonly created_at: string
    readonly idle_until: string
    readonly ends_at: string
  } | null
}

async function request(method: 'GET' | 'POST' | 'DELETE', body?: unknown): Promise<Session> {
  const response = await fetch('/v1/session', {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  }).catch((error: unknown) => {
    throw new Unreachable(location.origin, error)
  })
  const answer: unknown = response.status === 204 ? null : await response.json().catch(() => null)
  if (!response.ok) throw problemOf(answer, response)
  return answer as Session
}

export function useSession() {
  return useQuery({ queryKey: ['session'], queryFn: () => request('GET'), staleTime: 60_000 })
}

/** Signs in with an API token. Everything that was read as somebody else is forgotten. */
export function useSignIn() {
  const client = useQueryClient()
  const { lists } = useApi()
  return useMutation({
    mutationFn: (token: string) => request('POST', { token }),
    onSuccess: async (session) => {
      lists.forget()
      client.clear()
      client.setQueryData(['session'], session)
    },
  })
}

export function useSignOut() {
  const client = useQueryClient()
  const { lists } = useApi()
  return useMutation({
    mutationFn: () => request('DELETE'),
    onSuccess: async () => {
      lists.forget()
      client.clear()
    },
  })
}
