/** A server whose responses a test defines. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

export interface ScriptedServer {
  readonly url: string
  /** Path and Accept of each request. */
  readonly asked: string[]
}

/** Uses one answer per request, in order. Closes the connections of further requests. Closed after the tests. */
export async function scriptedServer(...answers: Answer[]): Promise<ScriptedServer> {
  const asked: string[] = []
  const http = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.accept}`)
    const answer = answers.shift()
    if (answer) answer(request, response)
    else response.destroy()
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  after(() => {
    http.close()
    http.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, asked }
}

/** Begins a stream of events. */
export function openStream(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/event-stream' })
}

/** Returns an answer like a refusal by Berth. */
export function refusal(status: number, code: string, errors: readonly object[] = []): Answer {
  const problem = JSON.stringify({ title: code, detail: code, status, code, errors })
  return (_, response) => void response.writeHead(status, { 'content-type': 'application/problem+json' }).end(problem)
}

/** Returns an answer with a page, like that of a proxy. */
export function page(status: number): Answer {
  return (_, response) => void response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>')
}
