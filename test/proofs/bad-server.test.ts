/** The command with a hostile server. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { after, it } from 'node:test'
import { testBerth } from '../support/manager/berth.ts'
import { tried } from '../../lab/proof.ts'

const berth = testBerth()
async function open(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1')
  after(() => {
    server.close().closeAllConnections()
  })
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

it('The command aborts an endless answer at 32 MiB', async (t) => {
  const blank = Buffer.alloc(1024 ** 2, ' ')
  let sent = 0
  const url = await open((response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const pour = () => {
      do sent += 1
      while (!response.destroyed && response.write(blank) && sent < 2_000)
      if (!response.destroyed && sent < 2_000) response.once('drain', pour)
    }
    pour()
  })
  const { code, stderr } = await berth.runWith({ env: { BERTH_URL: url, BERTH_TOKEN: 'x' } }, 'ls')
  assert.equal(code, 5, stderr)
  assert.match(stderr, /exceeds 32 MiB/)
  assert.ok(sent < 200, `${sent} MiB were taken`)
  tried(t, 1, 'endless answers')
})
