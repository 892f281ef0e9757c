/** Small pure parts of pages: ranges of time, usage, tokens, sessions, sign-in, reservations in words. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiError, type Reservation } from '../../src/client/client.ts'
import { queuedText } from '../../web/src/actions/reservation-names.ts'
import { holderText, withHolders } from '../../web/src/pages/containers/container-rows.ts'
import { endedFilter } from '../../web/src/pages/reservations/ended-filter.ts'
import { readStates, rowsOf, stateChoices } from '../../web/src/pages/reservations/state-filter.ts'
import { browserText } from '../../web/src/pages/sessions/browser-text.ts'
import { failureText, providerName } from '../../web/src/pages/sign-in/sign-in-text.ts'
import { deletionText, isOnlyAdmin, limitsText, wantedToken } from '../../web/src/pages/tokens/token-text.ts'
import { csvPath, hours, readUsageQuery } from '../../web/src/pages/usage/usage-query.ts'
import { stateRefusal } from '../../web/src/words/container-text.ts'
import { withLinks } from '../../web/src/words/links.ts'
import { minuteInput, readMinuteInput, readTime } from '../../web/src/words/range.ts'
import { releaseConsequence, releaseQuestion } from '../../web/src/words/release-text.ts'
import { endSentence, shortNames, sshCommand, stateText } from '../../web/src/words/reservation-text.ts'
import { messageOf, violationAt } from '../../web/src/words/violations.ts'

const NOW = Date.parse('2026-11-29T14:00:00Z')
const params = (query: string) => new URLSearchParams(query)

describe('the containers of a reservation', () => {
  it('are named shortly', () => {
    equal(shortNames(['alpine-1', 'alpine-2', 'alpine-10'], 'alpine'), 'alpine-1, 2, 10')
    equal(shortNames(['alpine-1'], 'alpine'), 'alpine-1')
  })
})

describe('times in the URL', () => {
  const CASES: readonly (readonly [text: string | null, at: string | null])[] = [
    ['now', '2026-11-29T14:00:00.000Z'],
    ['now-90m', '2026-11-29T12:30:00.000Z'],
    ['now-24h', '2026-11-28T14:00:00.000Z'],
    ['now-7d', '2026-11-22T14:00:00.000Z'],
    ['2026-11-24', '2026-11-24T00:00:00.000Z'],
    ['2026-11-24T10:00:00+02:00', '2026-11-24T08:00:00.000Z'],
    ['now+1h', null],
    ['now-', null],
    ['now-1y', null],
    ['12:00', null],
    ['yesterday', null],
    ['7', null],
    ['', null],
    [null, null],
  ]
  for (const [text, at] of CASES) {
    it(`reads ${text}`, () => equal(readTime(text, NOW), at === null ? null : Date.parse(at)))
  }
  it('come back from a field as they were', () => {
    equal(minuteInput(NOW, true), '2026-11-29T14:00')
    equal(readMinuteInput('2026-11-29T14:00', true), '2026-11-29T14:00Z')
    equal(readMinuteInput(minuteInput(NOW, false), false), '2026-11-29T14:00Z')
    equal(readMinuteInput('', true), null)
    equal(minuteInput(null, true), '')
  })
})

describe('usage', () => {
  it('is read from the URL', () => {
    const { by, from, to } = readUsageQuery(params('by=day&from=now-7d'), NOW)
    deepEqual([by, from, to], ['day', '2026-11-22T14:00:00.000Z', '2026-11-29T14:00:00.000Z'])
  })
  it('is that of 30 days by owner without one, or with a wrong one', () => {
    const { by, fromText } = readUsageQuery(params('by=colour&from=soon'), NOW)
    deepEqual([by, fromText], ['user', 'now-30d'])
  })
  it('has the same figures as CSV', () => {
    const path = csvPath(readUsageQuery(params('by=pool&from=now-24h'), NOW))
    equal(path, '/v1/usage?by=pool&from=2026-11-28T14%3A00%3A00.000Z&to=2026-11-29T14%3A00%3A00.000Z&format=csv')
  })
  it('counts hours', () => deepEqual([hours(0), hours(90), hours(74_400)], ['0.0', '1.5', '1,240.0']))
})

describe('reservations in words', () => {
  const some = (rest: object) =>
    ({ state: 'active', queue: null, outcome: null, reason: null, held_at: null, ...rest }) as Reservation
  it('say their state', () => {
    equal(stateText(some({})), 'active')
    equal(stateText(some({ held_at: '2026-11-29T14:00:00Z' })), 'active · on hold')
    equal(stateText(some({ state: 'waiting', queue: { position: 2 } })), 'waiting · no. 2')
    equal(stateText(some({ state: 'ended', outcome: 'expired' })), 'ended: expired')
  })
  it('say how they ended', () => {
    equal(endSentence(some({})), null)
    equal(endSentence(some({ outcome: 'expired' })), 'It expired.')
    equal(endSentence(some({ outcome: 'failed', reason: 'no image' })), 'It failed: no image.')
  })
  it('say what a release destroys', () => {
    const active = some({ containers: [{}, {}] })
    const waiting = some({ state: 'waiting', containers: [] })
    equal(releaseConsequence([active]), '1 in use: 2 containers are destroyed with everything in them.')
    equal(
      releaseConsequence([active, waiting, waiting]),
      '1 in use: 2 containers are destroyed with everything in them. 2 not active yet: they are cancelled.',
    )
  })
  const SSH: readonly (readonly [host: string, port: number | null, command: string | null])[] = [
    ['localhost', 2221, 'ssh -p 2221 alice@localhost'],
    ['lab.example.org', 22, 'ssh -p 22 alice@lab.example.org'],
    ['2001:db8::7', 2221, 'ssh -p 2221 alice@2001:db8::7'],
    ['localhost', null, null],
  ]
  for (const [host, port, command] of SSH) {
    const container = { name: 'alpine-1', host, port }
    it(`log in to ${host}, port ${port}: ${command}`, () => equal(sshCommand('alice', container), command))
    it(`log in to ${host} through the manager, where it says so`, () => {
      equal(sshCommand('alice', { ...container, tunnel: true }), 'berth ssh alpine-1')
    })
  }
  const held = (count: number) => some({ containers: Array.from({ length: count }) })
  const waits = some({ state: 'waiting', containers: [] })
  const QUESTIONS: readonly (readonly [reservations: readonly Reservation[], ...texts: string[]])[] = [
    [
      [held(1)],
      'Release this reservation?',
      'Access ends at once. 1 container is destroyed with everything in it.',
      'Release',
      'Cancel',
    ],
    [
      [held(1), held(2)],
      'Release 2 reservations?',
      'Access ends at once. 3 containers are destroyed with everything in them.',
      'Release 2',
      'Cancel',
    ],
    [[waits], 'Cancel the wait?', 'It leaves the queue and gets no container.', 'Leave the queue', 'Keep waiting'],
    [
      [waits, waits],
      'Cancel 2 reservations?',
      'They leave the queue and get no containers.',
      'Leave the queue',
      'Keep waiting',
    ],
    [
      [held(1), waits],
      'Release 2 reservations?',
      '1 in use: 1 container is destroyed with everything in it. 1 not active yet: it is cancelled.',
      'Release 2',
      'Cancel',
    ],
  ]
  for (const [reservations, ...texts] of QUESTIONS) {
    it(`ask “${texts[0]}” before ${reservations.map(({ state }) => state).join(', ')}`, () => {
      const { title, consequence, action, keep } = releaseQuestion(reservations)
      deepEqual([title, consequence, action, keep], texts)
    })
  }
  it('are listed by name and count while they wait', () => {
    equal(queuedText(some({ name: 'four', count: 4, pool: 'alpine' })), 'four: 4 containers of alpine')
    equal(queuedText(some({ name: null, username: 'ada', count: 1, pool: 'alpine' })), 'ada: 1 container of alpine')
  })
  it('are filtered by state', () => {
    deepEqual(readStates(params('')), ['waiting', 'preparing', 'active', 'ending'])
    deepEqual(readStates(params('state=ended')), ['ended'])
    deepEqual(readStates(params('state=active,waiting,sunk')), ['waiting', 'active'])
    equal(readStates(params('state=all')).length, 5)
    equal(stateChoices(params('state=active,waiting')).at(-1)?.label, 'waiting or active')
  })
  it('are listed once if they end between the reads of the two lists', () => {
    const [one, two] = [some({ id: '1' }), some({ id: '2', state: 'waiting' })]
    const over = some({ id: '1', state: 'ended' })
    deepEqual(rowsOf([one, two], [over], ['active', 'waiting']), [two, over])
    deepEqual(rowsOf([one, two], [], ['active']), [one])
  })
  it('that have ended are filtered by the manager, by single values', () => {
    deepEqual(endedFilter({ owner: ['ada'], pool: ['a', 'b'], name: ['x'] }), { owner: 'ada' })
  })
  it('have links in their notes, to the web only', () => {
    deepEqual(withLinks('run https://ci.example.org/1?a=b, see javascript:alert(1)'), [
      { text: 'run ', href: null },
      { text: 'https://ci.example.org/1?a=b', href: 'https://ci.example.org/1?a=b' },
      { text: ', see javascript:alert(1)', href: null },
    ])
    deepEqual(withLinks('plain'), [{ text: 'plain', href: null }])
  })
})

describe('containers in words', () => {
  it('have the holders that the caller may see', () => {
    const container = { name: 'a-1', state: 'reserved', reservation: 'r' }
    const reservation = { id: 'r', username: 'alice', owner: 'ada' }
    const [row] = withHolders([container] as never, [reservation] as never)
    equal(row && holderText(row), 'alice (ada)')
    const [hidden] = withHolders([{ ...container, reservation: null }] as never, [])
    equal(hidden && holderText(hidden), 'another user')
  })
  it('say why an action would be refused', () => {
    equal(stateRefusal('recycle', 'ready'), null)
    equal(stateRefusal('recycle', 'reserved'), 'It is reserved: release the reservation first.')
    equal(stateRefusal('return', 'ready'), 'It is not quarantined.')
  })
})

describe('tokens in words', () => {
  const limits = { containers: null, duration_seconds: null, pools: null }
  it('say their limits', () => {
    equal(limitsText(limits), 'as the pools allow')
    equal(
      limitsText({ containers: 1, duration_seconds: 28_800, pools: ['a', 'b'] }),
      '1 container · at most 8 h · pools a, b',
    )
  })
  it('are requested without what was left empty', () => {
    const fields = { name: ' ci ', role: 'user', expiresIn: '', containers: '', duration: '', pools: [] } as const
    deepEqual(wantedToken(fields), { name: 'ci', role: 'user' })
    deepEqual(wantedToken({ ...fields, expiresIn: '90d', containers: '3', pools: ['a'] }), {
      name: 'ci',
      role: 'user',
      expires_in: '90d',
      limits: { containers: 3, pools: ['a'] },
    })
  })
  it('say what a deletion means', () => {
    const ci = { name: 'ci', others: 0, open: 0, isOwn: false, isLastAdmin: false }
    const first = deletionText(ci)
    equal(deletionText({ ...ci, open: 2 }), `${first} 2 open reservations are kept, accessible to admins only.`)
    equal(deletionText({ ...ci, isOwn: true }), `${first} This ends your own session: you signed in with this token.`)
    match(deletionText({ ...ci, isLastAdmin: true }), /No admin token is left then\. .*“berth token create --offline /)
  })
  it('know the last valid token of an admin', () => {
    const token = (id: string, role: 'admin' | 'user', expires_at: string | null) => ({ id, role, expires_at })
    const [valid, user] = [token('1', 'admin', null), token('2', 'user', null)]
    const [expired, later] = [token('3', 'admin', '2026-11-29T13:00:00Z'), token('4', 'admin', '2026-11-29T15:00:00Z')]
    const now = Date.parse('2026-11-29T14:00:00Z')
    equal(isOnlyAdmin(valid, [valid, user, expired], now), true)
    equal(isOnlyAdmin(valid, [valid, user, later], now), false)
    equal(isOnlyAdmin(user, [valid, user], now), false)
    equal(isOnlyAdmin(expired, [valid, expired], now), false)
  })
})

describe('sessions and the sign-in in words', () => {
  const CASES: readonly (readonly [agent: string, text: string])[] = [
    ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'Firefox on Linux'],
    ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0', 'Edge on Windows'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1', 'Safari on iOS'],
    ['curl/8.5.0', 'curl/8.5.0'],
    ['', 'unknown browser'],
  ]
  for (const [agent, text] of CASES) it(`is "${text}"`, () => equal(browserText(agent), text))
  it('name the provider by its host', () => equal(providerName('https://login.example.org/realm'), 'login.example.org'))
  it('have a sentence for each failure, also an unknown one', () => {
    equal(failureText(null), null)
    for (const why of ['expired', 'denied', 'unavailable', 'not_allowed', 'failed', 'constructor']) {
      equal(typeof failureText(why), 'string', why)
    }
  })
})

describe('refusals at fields', () => {
  const error = new ApiError(422, 'invalid_request', 'two problems', [
    { path: 'name', message: 'must not be empty' },
    { path: 'limits.pools', message: 'has no pool "x"' },
  ])
  it('are those of the field', () => {
    equal(violationAt(error, 'name'), 'name must not be empty')
    equal(violationAt(error, 'role'), null)
    equal(violationAt(new Error('down'), 'name'), null)
  })
  it('or the refusal as a whole', () => {
    equal(messageOf(error, 'extend'), 'two problems')
    equal(messageOf(new Error('down'), 'extend'), 'down')
  })
})
