/** Servers in processes of their own, and how many requests they answer in a second. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import type { BareRoute } from './bare-server.ts'

const CONNECTIONS = 16
const SECONDS = 1
/** How often autocannon samples, and checks whether the time is over. */
const SAMPLE_INTERVAL_MS = 50

export interface Server extends AsyncDisposable {
  readonly url: string
}

export async function startBare(routes: readonly BareRoute[]): Promise<Server> {
  const child = fork(fileURLToPath(new URL('bare-server.ts', import.meta.url)))
  child.send(routes)
  return listening(child)
}

/** The whole API over the database in this file, which says that there are `size` containers. */
export async function startFull(database: string, size: number): Promise<Server> {
  return listening(fork(fileURLToPath(new URL('full-server.ts', import.meta.url)), [database, String(size)]))
}

async function listening(child: ChildProcess): Promise<Server> {
  const [url] = (await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [''])])) as [string]
  if (url === '') throw new Error('a server has ended')
  return {
    url,
    async [Symbol.asyncDispose]() {
      const over = once(child, 'exit')
      child.kill()
      await over
    },
  }
}

/** Returns the answers per second to 16 concurrent connections. Throws if any answer has another status. */
export async function answersPerSecond(
  url: string,
  headers: Record<string, string> = {},
  status = 200,
): Promise<number> {
  const result = await autocannon({
    url,
    headers,
    connections: CONNECTIONS,
    duration: SECONDS,
    sampleInt: SAMPLE_INTERVAL_MS,
  })
  const counted = result.statusCodeStats?.[`${status}`]?.count ?? 0
  if (counted === 0 || result.errors > 0 || counted < result.requests.total) {
    throw new Error(`${url}: ${result.errors} errors, ${JSON.stringify(result.statusCodeStats)}`)
  }
  return counted / result.duration
}

const BY_NODE = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding']

/** Returns the current answer of a server as a route that sends the same. */
export async function recorded(
  url: string,
  headers: Record<string, string> = {},
): Promise<Omit<BareRoute, 'serialises'>> {
  const response = await fetch(url, { headers })
  return {
    path: new URL(url).pathname,
    status: response.status,
    headers: Object.fromEntries([...response.headers].filter(([name]) => !BY_NODE.includes(name))),
    body: await response.text(),
  }
}
