/** The session of this browser: who is signed in, and the ways to sign in. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answerOf, type components, problemOf } from '../../../src/client/client.ts'
import { useApi, useBerth } from './berth.tsx'

type SessionState = components['schemas']['SessionState']
export type OpenSession = components['schemas']['Session']

export function useSession() {
  const berth = useBerth()
  return useQuery({ queryKey: ['session'], queryFn: () => answerOf(berth.GET('/v1/session')), staleTime: 60_000 })
}

/** Reads the sessions of all browsers; for users, their own. If not `enabled`, only `refetch` reads them. */
export function useSessions(enabled = true) {
  const berth = useBerth()
  return useQuery({
    enabled,
    queryKey: ['sessions'],
    queryFn: ({ signal }) => answerOf(berth.GET('/v1/sessions', { signal })),
    select: ({ sessions }): readonly OpenSession[] => sessions,
  })
}

/** Signs in with an API token. */
export function useSignIn() {
  const berth = useBerth()
  const setSession = useSetSession()
  return useMutation({
    mutationKey: ['session'],
    mutationFn: (token: string) => answerOf(berth.POST('/v1/session', { body: { token } })),
    onSuccess: setSession,
  })
}

export function useSignOut() {
  const berth = useBerth()
  const setSession = useSetSession()
  return useMutation({
    mutationFn: async () => {
      const { error, response } = await berth.DELETE('/v1/session')
      if (!response.ok) throw problemOf(error, response)
      return answerOf(berth.GET('/v1/session'))
    },
    onSuccess: setSession,
  })
}

/**
 * Returns a function that sets the session and drops everything that was read as another person. The query of the
 * session itself is kept: if it were removed, components would not be notified of the new one.
 */
function useSetSession() {
  const client = useQueryClient()
  const { lists } = useApi()
  return (session: SessionState) => {
    lists.forget()
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
    client.setQueryData(['session'], session)
  }
}
