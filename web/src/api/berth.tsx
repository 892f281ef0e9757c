/** The API of the manager that serves this page. The browser sends the cookie of the session with each request. */
import { createContext, type ReactNode, useContext, useState } from 'react'
import { type BerthClient, openClient } from '../../../src/client/client.ts'
import { EtagReader } from './etag-reader.ts'

interface Api {
  readonly berth: BerthClient
  readonly lists: EtagReader
}

const ApiContext = createContext<Api | null>(null)

export function ApiProvider({ children }: { readonly children: ReactNode }) {
  const [api] = useState(() => ({
    berth: openClient({ url: location.origin }),
    lists: new EtagReader(location.origin),
  }))
  return <ApiContext value={api}>{children}</ApiContext>
}

export function useApi(): Api {
  const api = useContext(ApiContext)
  if (!api) throw new Error('useApi is called outside ApiProvider')
  return api
}

/** Returns the typed client: `await answerOf(berth.GET('/v1/pools'))`. */
export function useBerth(): BerthClient {
  return useApi().berth
}
