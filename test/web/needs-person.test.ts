import { deepEqual, equal, rejects } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openClient } from '../../src/client/client.ts'
import { needsPerson, needsSummary, type NeedsSources } from '../../web/src/pages/overview/needs-person.ts'
import { readinessProblems } from '../../web/src/pages/overview/readiness.ts'

const NOW = Date.parse('2026-11-29T14:00:00Z')
const at = (seconds: number) => new Date(NOW + seconds * 1_000).toISOString()

type One = NeedsSources['containers'][number]
const container = (name: string, state: One['state'], more: Partial<One> = {}): One => ({
  name,
  state,
  since: at(-120),
  attempts: 0,
  error: null,
  retry_at: null,
  ...more,
})

const READY = { kind: 'read', problems: [] } as const

const texts = (sources: Partial<NeedsSources>) =>
  needsPerson({ pools: [], containers: [], readiness: READY, tokens: [], ...sources }, NOW).map(({ text }) => text)

describe('what needs a person', () => {
  it('is nothing while all works', () => {
    deepEqual(
      texts({ containers: [container('a-1', 'ready'), container('a-2', 'reserved'), container('a-3', 'removing')] }),
      [],
    )
    equal(needsSummary([]), 'Nothing needs attention.')
    equal(needsSummary([], true), 'Not known whether something needs attention: not live.')
  })

  it('is a broken container: why, how often it was tried, and when next', () => {
    const one = container('a-1', 'broken', { attempts: 4, error: 'no such image', retry_at: at(90) })
    deepEqual(texts({ containers: [one] }), [
      'a-1 has been broken for 2 min: no such image (4 attempts, next attempt in 1 min 30 s)',
    ])
    const due = container('a-1', 'broken', { attempts: 1, retry_at: at(-1) })
    deepEqual(texts({ containers: [due] }), [
      'a-1 has been broken for 2 min: unknown reason (1 attempt, next attempt now)',
    ])
  })

  it('is a quarantine that lasts long', () => {
    const containers = [container('a-1', 'quarantined'), container('a-2', 'quarantined', { since: at(-7_200) })]
    deepEqual(texts({ containers }), ['a-2 has been quarantined for 2 h'])
  })

  it('is a pool that lends nothing, once, and a manager that is not ready', () => {
    const pools = [
      { name: 'a', problem: 'no such image' },
      { name: 'b', problem: null },
    ]
    const problems = [
      { code: 'pool_unusable', pool: 'a', message: 'pool "a" cannot lend any container: no such image' },
      { code: 'engine_unavailable', pool: null, message: 'the container engine does not answer' },
    ] as const
    deepEqual(texts({ pools, readiness: { kind: 'read', problems } }), [
      'Manager: the container engine does not answer',
      'Pool a cannot lend any container: no such image',
    ])
  })

  it('is a token that expires within 7 days, the soonest first', () => {
    const DAY_S = 24 * 60 * 60
    const token = (name: string, expires: number | null) => ({
      id: `${name}id`,
      name,
      expires_at: expires === null ? null : at(expires),
    })
    const tokens = [
      token('never', null),
      token('later', 7 * DAY_S),
      token('expired', -1),
      token('ci', 6 * DAY_S),
      token('lab', 3_600),
    ]
    const items = needsPerson({ pools: [], containers: [], readiness: READY, tokens }, NOW)
    deepEqual(
      items.map(({ text, href }) => [text, href]),
      [
        ['The token of lab expires in 1 h', '/tokens?q=labid'],
        ['The token of ci expires in 6 d', '/tokens?q=ciid'],
      ],
    )
  })

  it('has the container that failed most first, and is counted', () => {
    const containers = [container('a-1', 'broken', { attempts: 3 }), container('a-2', 'broken', { attempts: 9 })]
    const items = needsPerson({ pools: [], containers, readiness: READY, tokens: [] }, NOW)
    deepEqual(
      items.map(({ key }) => key),
      ['a-2', 'a-1'],
    )
    equal(needsSummary(items), `2 things need attention, first: ${items[0]?.text}`)
    equal(needsSummary(items.slice(1)), `1 thing needs attention: ${items[1]?.text}`)
  })
})

describe('the readiness of the manager', () => {
  const answer = (status: number, body: string) => async () => new Response(body, { status })
  const read = (fetch: () => Promise<Response>) =>
    readinessProblems(openClient({ url: 'http://berth.test', fetch }).GET('/readyz'))

  it('has problems with 200 and with 503', async () => {
    const problem = { code: 'engine_unavailable', pool: null, message: 'the engine does not answer' }
    const body = (status: string) => JSON.stringify({ status, reasons: [problem.message], problems: [problem] })
    deepEqual(await read(answer(200, '{"status":"ready"}')), [])
    deepEqual(await read(answer(200, body('ready'))), [problem])
    deepEqual(await read(answer(503, body('not ready'))), [problem])
  })

  for (const [status, body] of [
    [502, '<html><h1>Bad Gateway</h1></html>'],
    [200, '<html>Welcome</html>'],
    [503, ''],
    [429, '{"status":429,"code":"rate_limited","title":"Too many requests"}'],
  ] as const) {
    it(`is not known after ${status} ${body}`, () => rejects(read(answer(status, body))))
  }

  it('needs attention while it is not known, and says why', () => {
    const readiness = { kind: 'unread', reason: 'the proxy answers 502' } as const
    deepEqual(texts({ readiness }), ['Manager: its readiness could not be read: the proxy answers 502'])
  })
})
