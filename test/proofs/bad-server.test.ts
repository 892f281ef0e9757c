/** The command, in front of a server that means it no good. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { after, it } from 'node:test'
import { testBerth } from '../support/berth.ts'
import { tried } from '../support/proof.ts'

const berth = testBerth()
const EVIL = '\u001b]0;gotcha\u0007\u001b[2J\u009b31m\u202e\r\nfake: line\0'
const TIME = '2026-11-24T17:00:00.000Z'

const reservation = {
  ...{
    id: EVIL,
    state: 'active',
    outcome: EVIL,
    reason: EVIL,
    pool: EVIL,
    owner: EVIL,
    username: EVIL,
    count: 1,
    note: EVIL,
  },
  ...{
    created_at: TIME,
    wait_until: null,
    queue: null,
    active_at: TIME,
    expires_at: TIME,
    keepalive_until: null,
    ended_at: null,
  },
  containers: [{ name: EVIL, host: EVIL, port: 22, host_key: EVIL }],
}
const container = {
  ...{ name: EVIL, pool: EVIL, state: EVIL, since: TIME, generation: 1, reservation: EVIL, host: EVIL, port: 1 },
  ...{ host_key: EVIL, attempts: 1, error: EVIL },
}
const event = {
  ...{
    id: 1,
    at: TIME,
    kind: EVIL,
    by: EVIL,
    pool: EVIL,
    container: EVIL,
    generation: 1,
    reservation: EVIL,
    owner: EVIL,
  },
  ...{ username: EVIL, detail: EVIL },
}
const counts = { creating: 0, ready: 1, reserved: 0, removing: 0, broken: 0, quarantined: 0 }
const pool = {
  ...{
    name: EVIL,
    size: 1,
    configured_size: 1,
    ports: 1,
    image: EVIL,
    os: EVIL,
    memory_bytes: 1,
    cpus: 1,
    pids: 1,
    sudo: true,
  },
  ...{
    duration_default_seconds: 1,
    duration_max_seconds: 1,
    containers: counts,
    waiting: 0,
    oldest_unclean_seconds: 0,
  },
}
const limits = { containers: 1, duration_seconds: 60, pools: [EVIL] }
const ANSWER = {
  ...{
    ...reservation,
    reservations: [reservation],
    containers: [container],
    events: [event],
    pools: [pool],
    next: null,
  },
  ...{ tokens: [{ id: EVIL, name: EVIL, role: EVIL, created_at: TIME, expires_at: TIME, limits }] },
  ...{ name: EVIL, role: EVIL, auth: EVIL, limits, containers_held: 1, from: TIME, to: TIME, by: EVIL },
  rows: [{ key: EVIL, reservations: 1, container_minutes: 1, waits: 0, wait_seconds: 0 }],
}

async function open(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1')
  after(() => {
    server.close().closeAllConnections()
  })
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

const COMMANDS = [
  ['ls'],
  ['ls', '--all'],
  ['pools'],
  ['containers'],
  ['events'],
  ['whoami'],
  ['usage'],
  ['token', 'ls'],
  ['reserve'],
  ['show', 'x'],
  ['release', '--all'],
]

it('Whatever a server says, the command writes nothing that a terminal would obey', async (t) => {
  const refusing = (status: number) =>
    open((response) => {
      response.writeHead(status, { 'content-type': 'application/problem+json' })
      response.end(
        JSON.stringify({
          type: 'about:blank',
          title: EVIL,
          status,
          code: EVIL,
          errors: [{ path: EVIL, message: EVIL }],
        }),
      )
    })
  const answering = await open((response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(ANSWER))
  })
  let shown = 0
  for (const url of [answering, await refusing(422), await refusing(409)]) {
    for (const args of COMMANDS) {
      const { stdout, stderr } = await berth.runWith({ env: { BERTH_URL: url, BERTH_TOKEN: 'x' } }, ...args)
      const said = stdout + stderr
      assert.doesNotMatch(
        said.replaceAll('\n', ''),
        /[\p{Cc}\u202e]/u,
        `berth ${args.join(' ')}: ${JSON.stringify(said)}`,
      )
      assert.doesNotMatch(said, /^fake: line/m, `berth ${args.join(' ')}: ${JSON.stringify(said)}`)
      if (said.includes('gotcha')) shown += 1
    }
  }
  // Otherwise it was not shown at all, and nothing was made harmless.
  assert.ok(shown > COMMANDS.length, `only ${shown} have shown it`)
  tried(t, 3 * COMMANDS.length, 'answers')
})

it('An answer without end is given up, before it costs more memory than an answer may have', async (t) => {
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
  assert.match(stderr, /too long/)
  assert.ok(sent < 200, `${sent} MiB were taken`)
  tried(t, 1, 'endless answers')
})
