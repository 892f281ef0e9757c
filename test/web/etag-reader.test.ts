/** Reads of lists over connections that fail in the middle of an answer. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { ApiError, Unreachable } from '../../src/client/client.ts'
import { EtagReader } from '../../web/src/api/etag-reader.ts'

const ANSWERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/slow': (response) => void response.writeHead(200).write('{"pools": ['),
  '/broken': (response) => void response.writeHead(200).write('{"pools": [', () => response.destroy()),
  '/page': (response) => void response.writeHead(200).end('<html>Sign in to the hotel</html>'),
}

const server = createServer(({ url = '' }, response) => ANSWERS[url]?.(response)).listen(0, '127.0.0.1')
await once(server, 'listening')
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
after(() => {
  server.closeAllConnections()
  server.close()
})

/** `limit` is the reader's own timeout, in milliseconds; long where an answer is expected. */
function read(path: string, { limit = 30_000, signal = new AbortController().signal } = {}): Promise<unknown> {
  return new EtagReader(origin, limit).read(path, signal)
}

describe('reading a list', { concurrency: true }, () => {
  it('throws a timeout when the answer stops in the middle', () =>
    assert.rejects(read('/slow', { limit: 300 }), (error) => {
      assert.ok(error instanceof Unreachable, String(error))
      assert.match(error.message, /does not answer: .*timeout/)
      return true
    }))

  it('throws that the manager does not answer when the connection breaks in the middle', () =>
    assert.rejects(read('/broken'), Unreachable))

  it('throws the abort of its caller unchanged', () =>
    assert.rejects(read('/slow', { signal: AbortSignal.timeout(100) }), { name: 'TimeoutError' }))

  it('throws that the answer is not from a manager for a page', () =>
    assert.rejects(read('/page'), (error) => error instanceof ApiError && error.code === 'not_berth'))
})
