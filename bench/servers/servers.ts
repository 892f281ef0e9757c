/** Servers in processes of their own, and how many requests they answer in a second. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import type { BareRoute } from './bare-server.ts'

const CONNECTIONS = 16
const SECONDS = 1
/** Milliseconds: autocannon looks so often whether the time is over. */
const LOOKS = 50

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

/** Answers a second to so many who ask again and again for a second; all of them must have this status. */
export async function answersPerSecond(
  url: string,
  headers: Record<string, string> = {},
  status = 200,
): Promise<number> {
  const result = await autocannon({ url, headers, connections: CONNECTIONS, duration: SECONDS, sampleInt: LOOKS })
  const counted = result.statusCodeStats?.[`${status}`]?.count ?? 0
  if (counted === 0 || result.errors > 0 || counted < result.requests.total) {
    throw new Error(`${url}: ${result.errors} errors, ${JSON.stringify(result.statusCodeStats)}`)
  }
  return counted / result.duration
}

const BY_NODE = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding']

/** What a server answers now, for another one that is to send the same. */
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
