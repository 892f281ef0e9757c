/** Reads, creates and deletes API tokens. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answerOf, type WantedToken } from '../../../../src/client/client.ts'
import { useBerth } from '../../api/berth.tsx'

/** Reads the tokens. `enabled` is false for users, who may not see them. */
export function useTokens(enabled = true) {
  const berth = useBerth()
  return useQuery({
    enabled,
    queryKey: ['tokens'],
    queryFn: ({ signal }) => answerOf(berth.GET('/v1/tokens', { signal })),
    select: ({ tokens }) => tokens,
    // A retry after 403 would get the same answer.
    retry: false,
  })
}

export function useMakeToken() {
  const berth = useBerth()
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: WantedToken) => answerOf(berth.POST('/v1/tokens', { body })),
    onSettled: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  })
}

export function useDeleteToken() {
  const berth = useBerth()
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => answerOf(berth.DELETE('/v1/tokens/{id}', { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  })
}
