import { deepEqual, equal, match } from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  availabilityText,
  defaultDurationMs,
  estimatedStart,
  proposedWait,
  startText,
} from '../../web/src/pages/reserve/availability.ts'
import { knownHosts } from '../../web/src/pages/reserve/commands.ts'
import {
  faultsLeft,
  faultsOf,
  type Fields,
  fieldsFrom,
  keyFault,
  requestOf,
  wantsMore,
} from '../../web/src/pages/reserve/reserve-fields.ts'
import { quoted } from '../../web/src/words/shell.ts'

const UTC = { timeZone: 'UTC', locale: 'en-GB' }
const NOW = Date.parse('2026-11-29T14:00:00Z')
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString()
const NOTHING_REMEMBERED = { username: '', sshKeys: '' }
const fields = (query = ''): Fields => fieldsFrom(new URLSearchParams(query), NOTHING_REMEMBERED, 'alpine')

describe('the form for reserving', () => {
  it('asks for one container of the first pool when nothing is filled in', () => {
    deepEqual(requestOf(fields(), NOW, UTC), { pool: 'alpine', count: 1 })
  })

  it('says the default duration: that of the pool, or the limit of the token if that is shorter', () => {
    const ofToken = (seconds: number | null) =>
      defaultDurationMs(
        { duration_default_seconds: 3_600 },
        { limits: { containers: null, duration_seconds: seconds, pools: null } },
      )
    deepEqual([null, 600, 7_200].map(ofToken), [3_600_000, 600_000, 3_600_000])
  })

  it('takes its fields from a link', () => {
    const query = 'pool=ci&count=3&for=15:40&user=alice&name=web&note=lab%207&wait=10m&keepalive=5m&password=words'
    deepEqual(requestOf(fields(query), NOW, UTC), {
      pool: 'ci',
      count: 3,
      duration: '6000s',
      username: 'alice',
      name: 'web',
      note: 'lab 7',
      wait: '10m',
      keepalive: '5m',
      password_style: 'words',
    })
  })

  it('starts with the name and the keys that were used last, except for what the link says', () => {
    const remembered = { username: 'alice', sshKeys: 'ssh-ed25519 AAAA' }
    const { username, sshKeys } = fieldsFrom(new URLSearchParams(), remembered, 'alpine')
    deepEqual([username, sshKeys], ['alice', 'ssh-ed25519 AAAA'])
    equal(fieldsFrom(new URLSearchParams('user=bob'), remembered, 'alpine').username, 'bob')
  })

  const passwords: readonly [Partial<Fields>, object][] = [
    [{ passwordChoice: 'random' }, {}],
    [{ passwordChoice: 'words' }, { password_style: 'words' }],
    [{ passwordChoice: 'own', password: ' s p ' }, { password: ' s p ' }],
    [
      { passwordChoice: 'random', sshKeys: 'key\n' },
      { ssh_keys: ['key'], password_style: 'random' },
    ],
    [{ passwordChoice: 'none', sshKeys: 'key' }, { ssh_keys: ['key'] }],
  ]
  for (const [some, expected] of passwords) {
    it(`asks for ${JSON.stringify(expected)} with ${JSON.stringify(some)}`, () =>
      deepEqual(requestOf({ ...fields(), ...some }, NOW, UTC), { pool: 'alpine', count: 1, ...expected }))
  }

  it('sends unreadable values, so that the manager reports what is wrong', () => {
    const { count, duration } = requestOf({ ...fields(), count: 'two', time: 'soon' }, NOW, UTC)
    deepEqual([count, duration], ['two', 'soon'])
  })

  it('has each fault at its field', () => {
    const { byField, others } = faultsOf([
      { path: 'count', message: 'must be at least 1' },
      { path: 'duration', message: 'must be a duration' },
      { path: 'ssh_keys[2]', message: 'is no key' },
      { path: 'idempotency-key', message: 'is too long' },
    ])
    deepEqual(byField, { count: 'Must be at least 1', time: 'Must be a duration', sshKeys: 'Is no key' })
    deepEqual(others, ['idempotency-key is too long'])
  })

  it('has no fault at a field that was edited since', () => {
    const faults = { byField: { count: 'Must be at least 1', time: 'Must be a duration' }, others: ['too long'] }
    deepEqual(faultsLeft(faults, ['count', 'note']), { byField: { time: 'Must be a duration' }, others: ['too long'] })
  })

  it('needs a key without a password', () => {
    match(keyFault({ passwordChoice: 'none', sshKeys: ' \n' }) ?? '', /^A public key is needed/)
    equal(keyFault({ passwordChoice: 'none', sshKeys: 'key' }), null)
    for (const passwordChoice of ['random', 'words', 'own'] as const) {
      equal(keyFault({ passwordChoice, sshKeys: '' }), null)
    }
  })

  it('shows its further fields if one of them has a value or a violation', () => {
    const none = faultsOf([])
    deepEqual(
      [wantsMore(fields(), none), wantsMore(fields('note=x'), none), wantsMore(fields('password=words'), none)],
      [false, true, true],
    )
    equal(wantsMore(fields(), faultsOf([{ path: 'name', message: 'is taken' }])), true)
  })
})

describe('what is free', () => {
  const me = (most: number | null) => ({
    limits: { containers: most, duration_seconds: null, pools: null },
    containers_held: 2,
  })
  const pool = (ready: number, waiting: number) => ({ containers: { ready }, size: 10, waiting })
  const cases: readonly [ready: number, waiting: number, most: number | null, text: string][] = [
    [7, 0, null, '7 of 10 are free.'],
    [1, 1, null, '1 of 10 is free, and 1 reservation is waiting.'],
    [0, 2, 3, '0 of 10 are free, and 2 reservations are waiting. You hold 2 of at most 3 containers.'],
  ]
  for (const [ready, waiting, most, text] of cases) {
    it(text, () => equal(availabilityText(pool(ready, waiting), me(most)), text))
  }

  const reservation = (end: number, containers: number, state = 'active') =>
    ({ pool: 'alpine', state, expires_at: at(end), containers: Array.from({ length: containers }) }) as never
  const starts: readonly [what: string, ready: number, count: number, minutes: number | null][] = [
    ['the next end frees enough', 0, 2, 5],
    ['two ends are needed', 0, 4, 20],
    ['some are free already', 1, 4, 20],
    ['more than all together', 0, 9, 5],
  ]
  for (const [what, ready, count, minutes] of starts) {
    it(`is enough in ${minutes} min when ${what}`, () => {
      const facts = { name: 'alpine', containers: { ready }, next_free_at: at(5) }
      const all = [reservation(20, 3), reservation(5, 2), reservation(1, 5, 'ending')]
      equal(estimatedStart(facts, count, all), minutes === null ? null : NOW + minutes * 60_000)
    })
  }

  it('is unknown without any end', () => {
    equal(estimatedStart({ name: 'alpine', containers: {}, next_free_at: null }, 1, []), null)
    equal(startText(null, NOW, UTC), 'It is not known when enough containers will be free.')
  })

  it('proposes to wait a little longer than that', () => {
    const minutes = (start: number | null) => proposedWait(start === null ? null : NOW + start * 60_000, NOW)
    deepEqual([minutes(null), minutes(-3), minutes(4), minutes(4.2)], ['10m', '1m', '5m', '6m'])
    equal(startText(NOW + 240_000, NOW, UTC), 'Enough will be free at about 14:04 (in 4 min).')
  })
})

describe('a reservation as a command', () => {
  it('quotes what the shell would change', () => {
    deepEqual(['a-b/c', 'a b', "it's", ''].map(quoted), ['a-b/c', "'a b'", String.raw`'it'\''s'`, "''"])
  })

  it('has the lines of known_hosts', () => {
    const container = {
      name: 'alpine-1',
      host: 'localhost',
      host_key: null,
      known_hosts: null,
      tunnel: false,
      generation: 1,
      ready: true,
    }
    equal(
      knownHosts({
        containers: [
          { ...container, port: 1, known_hosts: 'a' },
          { ...container, port: 2 },
        ],
      }),
      'a',
    )
  })
})
