/** The cache of what was read, and what happens when a session has ended. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError } from '../../../src/client/client.ts'

const SESSION = ['session']

export function openQueryClient(): QueryClient {
  // A 401 of any request: the session is asked again, and leads to the page for signing in.
  const onError = (error: unknown) => {
    if (error instanceof ApiError && error.status === 401) void client.invalidateQueries({ queryKey: SESSION })
  }
  // The stream says when something has changed; nothing is read on a timer.
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({
      onError: (error, _variables, _context, mutation) => {
        // A wrong token is a refusal of that form.
        if (mutation.options.mutationKey?.[0] !== SESSION[0]) onError(error)
      },
    }),
    defaultOptions: { queries: { staleTime: 30_000, refetchOnWindowFocus: false, retry: shouldRetry } },
  })
  return client
}

/** What the manager refuses, it refuses the second time, too. */
function shouldRetry(failures: number, error: unknown): boolean {
  const isRefusal = error instanceof ApiError && error.status >= 400 && error.status < 500
  return !isRefusal && failures < 1
}
