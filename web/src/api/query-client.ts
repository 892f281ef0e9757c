/** The cache of query results. A 401 leads to the sign-in. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError } from '../../../src/client/client.ts'

const SESSION = ['session']

export function openQueryClient(): QueryClient {
  // After a 401 of any request, the session is read again, and the sign-in is shown.
  const onError = (error: unknown) => {
    if (error instanceof ApiError && error.status === 401) void client.invalidateQueries({ queryKey: SESSION })
  }
  // The stream says when something has changed; nothing is read on a timer.
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({
      onError: (error, _variables, _context, mutation) => {
        // A 401 of the sign-in itself is a wrong token.
        if (mutation.options.mutationKey?.[0] !== SESSION[0]) onError(error)
      },
    }),
    defaultOptions: {
      queries: { staleTime: 30_000, refetchOnWindowFocus: false, retry: shouldRetry, networkMode: 'always' },
      // A machine without a network may still reach the manager. By default, a release would stay pending without an
      // error, and would be sent when the network is back.
      mutations: { networkMode: 'always' },
    },
  })
  return client
}

/** Retries once, except after a refusal, which the manager would repeat. */
function shouldRetry(failures: number, error: unknown): boolean {
  const isRefusal = error instanceof ApiError && error.status >= 400 && error.status < 500
  return !isRefusal && failures < 1
}
