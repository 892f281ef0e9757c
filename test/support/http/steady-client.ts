/**
 * A thread: somebody well-behaved, who asks and reserves all the time, each time over a new connection. Used by
 * `served.ts`.
 */
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

const PAUSE = 20

/** How it went so far. */
export interface Calm {
  readonly rounds: number
  /** Milliseconds until the slowest answer. */
  readonly slowest: number
  /** Answers that were not what they should be. */
  readonly wrong: readonly string[]
}

const { url, token } = workerData as { url: string; token: string }
const wrong: string[] = []
let slowest = 0
let ended = false
parentPort?.once('message', () => {
  ended = true
})

function ask(method: string, path: string, body?: string): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  const sent = request(url + path, { method, headers, agent: false }, (answer) => {
    let text = ''
    answer.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text })).once('error', reject)
  })
  sent.once('error', reject).end(body)
  return promise
}

async function expect(status: number, method: string, path: string, body?: string): Promise<string> {
  const began = performance.now()
  const answer = await ask(method, path, body).catch((error: Error) => ({ status: 0, text: error.message }))
  slowest = Math.max(slowest, performance.now() - began)
  if (answer.status !== status) wrong.push(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 300)}`)
  return answer.text
}

async function round(): Promise<void> {
  if (!(await expect(200, 'GET', '/available')).includes('"calm-')) wrong.push('nothing is there any more')
  const made = await expect(201, 'POST', '/v1/reservations', '{"pool":"calm","username":"steady"}')
  const id = /"id":"([^"]+)"/.exec(made)?.[1]
  if (id !== undefined) await expect(200, 'DELETE', `/v1/reservations/${id}`)
}

for (let rounds = 0; ; rounds += 1) {
  parentPort?.postMessage({ rounds, slowest, wrong } satisfies Calm, [])
  if (ended || wrong.length > 0) break
  await round()
  await sleep(PAUSE)
}
parentPort?.close()
