/**
 * Thousands of requests that the OpenAPI document describes, or nearly: no 5xx, and no answer that breaks its own
 * schema.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { openApi } from '../../lab/api.ts'
import { answerProblem, type Paths, wildRequests } from '../support/http/openapi.ts'
import { withoutReferences } from '../support/http/references.ts'
import { effort, tried } from '../../lab/proof.ts'
import { pool } from '../../lab/rows.ts'

const REQUESTS = effort({ test: 3_000, prove: 30_000 })

const KEY = `ssh-ed25519 ${'A'.repeat(68)} alice@laptop`
const IDS = ['r1', 'r2', 'r3', 'r5', 'r8', 'r13', 'r21', 'r34', 'r55', 'r89', 'r144']
const SPANS = ['5m', '90m', 'PT1H', '1d', '30s', '2h']

const WORDS = {
  anywhere: ['alpine', 'alpine-1', 'r1', 'alice', 'root', 'secret', '5m', '2', '0', '-1', 'active', 'ready', 'admin'],
  byName: {
    pool: ['alpine', 'alpine', 'big'],
    username: ['alice', 'bob', 'carol'],
    password: ['secret', 'pass word'],
    duration: SPANS,
    wait: SPANS,
    keepalive: SPANS,
    extend: SPANS,
    ssh_keys: [KEY],
    note: ['demo', '=1+1'],
    id: IDS,
    name: ['alpine-1', 'alpine-2', 'alpine-3', 'big-1', 'alpine', 'big', 'ann'],
    owner: ['anyone', 'ann'],
  },
}

/** A long poll is to be over before the next request; the text of metrics is the same each time, and slow. */
const ONLY = { 'get /v1/reservations/{id} wait': ['0', '0.01', '-1', '61', 'x', '1e-3', ''] }

it('Any request, however wild, is answered as the OpenAPI document says, and never with a 5xx', async (t) => {
  const api = await openApi({
    pools: [pool({ name: 'alpine', size: 3 }), pool({ name: 'big', size: 2, ports: [3000, 3001] })],
  })
  const document = JSON.parse((await api.get('/openapi.json')).text) as { paths: Paths }
  const { paths } = withoutReferences(document)
  const seed = Math.trunc(Math.random() * 2 ** 31)
  const requests = fc.sample(wildRequests(paths, WORDS, ONLY), { numRuns: REQUESTS, seed })
  const statuses = new Map<number, number>()
  for (const [index, { method, path, url, headers, body }] of requests.entries()) {
    const answer = await api.server.inject({
      method: method as 'GET',
      url,
      headers,
      ...(body !== undefined && { body }),
    })
    const status = answer.statusCode
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    const sent = `${method} ${url} ${JSON.stringify(headers)} ${body ?? ''} (request ${index} of seed ${seed})`
    const said = `${status} ${answer.payload.slice(0, 400)}`
    assert.ok(status < 500, `${sent}\n${said}\n${api.world.logged.at(-1)}`)
    const operation = paths[path]?.[method.toLowerCase()]
    assert.ok(operation)
    // A path parameter may have made it another path altogether, which is answered as one that is not there.
    if (status === 404 && answer.payload.includes('nothing at this path')) continue
    const type = String(answer.headers['content-type'])
    const problem = answerProblem(operation, { status, type, text: answer.payload })
    assert.equal(problem, null, `${sent}\n${said}`)
    if (index % 40 !== 0) continue
    api.world.advance(60_000)
    await api.world.settle()
  }
  // Otherwise the requests were all refused for the same reason, and showed nothing.
  for (const status of [200, 201, 400, 404, 409, 422]) assert.ok(statuses.get(status), `never ${status}`)
  tried(t, REQUESTS, 'wild requests')
})
