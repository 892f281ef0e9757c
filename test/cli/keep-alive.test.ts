import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { keepAlive } from '../../src/cli/keep-alive.ts'
import { openClient } from '../../src/client/client.ts'
import { eventually } from '../support/eventually.ts'

it('is told again and again, also after a call that failed, until it is stopped', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (asked.length === 2) response.destroy()
    else response.writeHead(asked.length === 1 ? 500 : 200).end('{}')
  }).listen(0, '127.0.0.1')
  after(() => server.close())
  await once(server, 'listening')
  const client = openClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  const alive = keepAlive(client, 'some-id', 10)
  await eventually(async () => asked.length >= 4)
  alive.stop()
  await sleep(30)
  const told = asked.length
  await sleep(60)
  assert.equal(asked.length, told)
  assert.deepEqual([...new Set(asked)], ['POST /v1/reservations/some-id/keepalive'])
})
