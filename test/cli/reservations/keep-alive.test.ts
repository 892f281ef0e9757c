import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { keepAlive } from '../../../src/cli/reservations/keep-alive.ts'
import { openClient } from '../../../src/client/client.ts'
import { eventually } from '../../../lab/eventually.ts'

it('sends keepalive calls until it is stopped, also after one that failed', async () => {
  const calls: string[] = []
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`)
    if (calls.length === 2) response.destroy()
    else response.writeHead(calls.length === 1 ? 500 : 200).end('{}')
  }).listen(0, '127.0.0.1')
  after(() => server.close())
  await once(server, 'listening')
  const client = openClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  const alive = keepAlive(client, 'some-id', 10)
  await eventually(async () => calls.length >= 4)
  alive.stop()
  await sleep(30)
  const sent = calls.length
  await sleep(60)
  assert.equal(calls.length, sent)
  assert.deepEqual([...new Set(calls)], ['POST /v1/reservations/some-id/keepalive'])
})
