/** Requests to an engine, and how its answers are read, also those that Docker never sends. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { connect } from '../../../../src/engine/docker/api/client.ts'
import { findTaken } from '../../../../src/engine/docker/ansible/names.ts'
import { pretendDocker } from '../../../support/engine/pretended-docker.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown

const never = new AbortController().signal

const pretend = (t: TestContext, answer: Answer, upgraded?: (socket: Duplex) => void) =>
  pretendDocker(t, (request, response) => void answer(request, response), upgraded)

const says = (status: number, body: string): Answer => {
  return (_request, response) => response.writeHead(status).end(body)
}

test('Objects in a query are JSON, and whatever stands in it arrives as it is; a body is JSON', async (t) => {
  const heard: unknown[] = []
  const docker = await pretend(t, async (request, response) => {
    const url = new URL(request.url ?? '', 'http://docker')
    const { 'content-type': type, 'content-length': length } = request.headers
    heard.push([request.method, url.pathname, Object.fromEntries(url.searchParams), type, length, await text(request)])
    response.writeHead(204).end()
  })
  const query = { all: true, name: 'a&b=c d', filters: { label: ['x=y'] } }
  assert.equal(await docker.post('/containers/create', { query, body: { Cmd: ['ä'] }, signal: never }), undefined)
  assert.equal(await docker.post('/containers/1/kill', { signal: never }), undefined)
  await docker.delete('/containers/1', { query: { force: true }, signal: never })
  const asked = { all: 'true', name: 'a&b=c d', filters: '{"label":["x=y"]}' }
  assert.deepEqual(heard, [
    ['POST', '/containers/create', asked, 'application/json', '14', '{"Cmd":["ä"]}'],
    ['POST', '/containers/1/kill', {}, undefined, '0', ''],
    ['DELETE', '/containers/1', { force: 'true' }, undefined, undefined, ''],
  ])
})

test('An engine is asked over TCP as over a socket', async (t) => {
  const server = createServer((_request, response) => response.end('{"Version":"1"}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const docker = connect(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`)
  t.after(() => {
    docker.close()
    server.close()
  })
  assert.deepEqual(await docker.get('/version', { signal: never }), { Version: '1' })
})

test('A refusal has its status and the words of the engine; without words, its status is all there is', async (t) => {
  const cases: [number, string, string][] = [
    [409, '{"message":"the name is taken"}', 'the name is taken'],
    [500, '<html>', 'HTTP 500'],
    [502, '', 'HTTP 502'],
    [404, '{"message":7}', 'HTTP 404'],
    [304, '', 'HTTP 304'],
    [301, '', 'HTTP 301'],
  ]
  for (const [status, body, message] of cases) {
    const docker = await pretend(t, says(status, body))
    const expected = { name: 'Error', status, message }
    await assert.rejects(docker.get('/x', { signal: never }), expected)
    await assert.rejects(docker.post('/x', { signal: never }), expected)
    await assert.rejects(docker.follow('/x', { signal: never }), expected)
    await assert.rejects(docker.upgrade('/x', { signal: never }), expected)
  }
})

test('a body that is not a JSON object is an unexpected response; an empty one only for a get', async (t) => {
  for (const body of ['[{"Id":"0123', 'null', '7', '"ok"', 'OK']) {
    const docker = await pretend(t, says(200, body))
    await assert.rejects(docker.get('/x', { signal: never }), { code: 'UNEXPECTED_RESPONSE' }, body)
    await assert.rejects(docker.post('/x', { signal: never }), { code: 'UNEXPECTED_RESPONSE' }, body)
  }
  const silent = await pretend(t, says(200, ''))
  await assert.rejects(silent.get('/x', { signal: never }), { code: 'UNEXPECTED_RESPONSE' })
  assert.equal(await silent.post('/x', { signal: never }), undefined)
})

test('an answer that is cut off in the middle is an error', async (t) => {
  const docker = await pretend(t, (request, response) => {
    response.writeHead(200, { 'content-length': 1_000 }).write('[]')
    setTimeout(() => request.socket.destroy(), 50)
  })
  await assert.rejects(docker.get('/x', { signal: never }), { code: 'ECONNRESET' })
})

test('the signal ends the wait for an answer, an answer that has begun, and a stream', async (t) => {
  const silent = await pretend(
    t,
    () => undefined,
    () => undefined,
  )
  const endless = await pretend(t, (_request, response) => response.writeHead(200).write('['))
  const soon = () => AbortSignal.timeout(50)
  await assert.rejects(silent.get('/x', { signal: soon() }), { name: 'AbortError' })
  await assert.rejects(silent.upgrade('/x', { signal: soon() }), { name: 'AbortError' })
  await assert.rejects(endless.get('/x', { signal: soon() }), { name: 'AbortError' })
  const followed = await endless.follow('/x', { signal: soon() })
  await assert.rejects(text(followed), { name: 'AbortError' })
})

test('an upgraded connection returns the bytes that came with the upgrade, and all that follow', async (t) => {
  const docker = await pretend(t, says(500, ''), (socket) => {
    socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst ')
    socket.on('data', (chunk: Buffer) => socket.end(`then ${chunk.toString()}`))
  })
  const socket = await docker.upgrade('/containers/1/attach', { query: { stdin: true }, signal: never })
  socket.write('what I said')
  assert.equal(await text(socket), 'first then what I said')
})

test('an HTTP answer to a request to upgrade is an unexpected response', async (t) => {
  const docker = await pretend(t, says(200, 'whatever'))
  await assert.rejects(docker.upgrade('/x', { signal: never }), { code: 'UNEXPECTED_RESPONSE' })
})

test('names of containers are read only from a list', async (t) => {
  const docker = await pretend(t, says(200, '{}'))
  await assert.rejects(findTaken('one', [], { host: docker.address, certificates: null }), {
    code: 'engine_unavailable',
    message: /unexpected response/,
  })
})
