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

/** Signs in with an API token. Everything that was read as another person is forgotten. */
export function useSignIn() {
  const become = useBecome()
  return useMutation({
    mutationKey: ['session'],
    mutationFn: (token: string) => request('POST', { token }),
    onSuccess: become,
  })
}

export function useSignOut() {
  const become = useBecome()
  return useMutation({
    mutationFn: async () => {
      await request('DELETE')
      return request('GET')
    },
    onSuccess: become,
  })
}

/** The session stays in the cache, because what shows it would not notice a new one. */
function useBecome() {
  const client = useQueryClient()
  const { lists } = useApi()
  return (session: Session) => {
    lists.forget()
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
    client.setQueryData(['session'], session)
  }
}

export interface OpenSession {
  readonly id: string
  readonly identity: string
  readonly role: string
  readonly way: 'token' | 'oidc'
  /** Id of the API token; null for sessions of the identity provider. */
  readonly token: string | null
  readonly created_at: string
  readonly last_used_at: string
  readonly ends_at: string
  readonly address: string
  readonly user_agent: string
  /** Whether it is the session of this browser. */
  readonly current: boolean
}
