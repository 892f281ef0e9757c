/** Parameters of /reserve, and the messages for invalid ones. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { openApi } from '../../../lab/api.ts'

const COUNT = 'count must be a whole number from 1 to 10, not'
const DURATION = 'duration must be a number from 1 to 1440 minutes, not'
const USERNAME = 'username must be 1 to 32 of the characters A-Z a-z 0-9 . _ - and begin with a letter or "_"'
const usernameLike = (name: string) => `${USERNAME}, like "${name}"`
const PARAMETERS = 'allowed: username, password, count, duration, pool'
const missing = 'username is missing; say for whom the containers are, like username=alice'
const unknown = (name: string) => `"${name}" is not a parameter here; ${PARAMETERS}`
const ofTheImage = (name: string) => `username "${name}" belongs to the image; choose another name`
const long = (length: number) => 'x'.repeat(length)

const refused: readonly [query: string, error: string][] = [
  ['', missing],
  ['?', missing],
  ['?password=test', missing],
  ['?username=', USERNAME],
  ['?username', USERNAME],
  ['?username=1alice', usernameLike('alice')],
  ['?username=-alice', usernameLike('alice')],
  ['?username=.alice', usernameLike('alice')],
  ['?username=al+ice', usernameLike('al-ice')],
  ['?username=al%2Fice', usernameLike('al-ice')],
  ['?username=al%0Aice', usernameLike('al-ice')],
  ['?username=alice%0A', usernameLike('alice')],
  ['?username=alice%00', usernameLike('alice')],
  ['?username=$(id)', usernameLike('id')],
  ['?username=%C3%A4lice', usernameLike('alice')],
  [`?username=${long(33)}`, USERNAME],
  ['?username=root', ofTheImage('root')],
  ['?username=nobody', ofTheImage('nobody')],
  ['?username=sshd', ofTheImage('sshd')],
  ['?username=alice&username=alice', 'username is given more than once; give it once'],
  ['?username=alice&user%6eame=bob', 'username is given more than once; give it once'],
  ['?username=alice&user=bob', unknown('user')],
  ['?username=alice&Count=1', unknown('Count')],
  ['?username=alice&count[]=1', unknown('count[]')],
  ['?username=alice&__proto__=1', unknown('__proto__')],
  ['?username=alice&=1', unknown('')],
  ['?username=alice&%0d%0aset-cookie=1', unknown('%0d%0aset-cookie')],
  [`?username=alice&${long(99)}=1`, unknown(long(40))],
  ['?username=alice;count=2', usernameLike('alice-count-2')],

  ['?username=alice&count=0', `${COUNT} "0"`],
  ['?username=alice&count=-1', `${COUNT} "-1"`],
  ['?username=alice&count=%2B1', `${COUNT} "+1"`],
  ['?username=alice&count=1.5', `${COUNT} "1.5"`],
  ['?username=alice&count=1e3', `${COUNT} "1e3"`],
  ['?username=alice&count=0x1', `${COUNT} "0x1"`],
  ['?username=alice&count=+1', `${COUNT} " 1"`],
  ['?username=alice&count=11', `${COUNT} "11"`],
  ['?username=alice&count=99999999999999999999', `${COUNT} "99999999999999999999"`],
  [`?username=alice&count=${'9'.repeat(99)}`, `${COUNT} "${'9'.repeat(40)}"`],
  ['?username=alice&count=', `${COUNT} ""`],
  ['?username=alice&count', `${COUNT} ""`],
  ['?username=alice&count=one', `${COUNT} "one"`],
  ['?username=alice&count=NaN', `${COUNT} "NaN"`],
  ['?username=alice&count=%D9%A1', `${COUNT} "?"`],
  ['?username=alice&count=1&count=1', 'count is given more than once; give it once'],

  ['?username=alice&duration=0', `${DURATION} "0"`],
  ['?username=alice&duration=0.5', `${DURATION} "0.5"`],
  ['?username=alice&duration=0.999999999', `${DURATION} "0.999999999"`],
  ['?username=alice&duration=-60', `${DURATION} "-60"`],
  ['?username=alice&duration=abc', `${DURATION} "abc"`],
  ['?username=alice&duration=1e2', `${DURATION} "1e2"`],
  ['?username=alice&duration=Infinity', `${DURATION} "Infinity"`],
  ['?username=alice&duration=1440.1', `${DURATION} "1440.1"`],
  ['?username=alice&duration=1441', `${DURATION} "1441"`],
  ['?username=alice&duration=60m', `${DURATION} "60m"`],
  ['?username=alice&duration=1,5', `${DURATION} "1,5"`],
  ['?username=alice&duration=.5', `${DURATION} ".5"`],
  ['?username=alice&duration=', `${DURATION} ""`],

  ['?username=alice&password=', 'password must not be empty'],
  ['?username=alice&password', 'password must not be empty'],
  [`?username=alice&password=${long(129)}`, 'password must not be longer than 128 characters'],
  [`?username=alice&password=${'%F0%9F%94%91'.repeat(65)}`, 'password must not be longer than 256 bytes in UTF-8'],
  ['?username=alice&password=a%0Ab', 'password must not contain control characters'],
  ['?username=alice&password=a%00', 'password must not contain control characters'],
  ['?username=alice&password=%7F', 'password must not contain control characters'],
  ['?username=alice&password=%C2%85', 'password must not contain control characters'],
  ['?username=alice&password=a&password=a', 'password is given more than once; give it once'],

  ['?username=alice&password=%', 'password is not percent-encoded UTF-8'],
  ['?username=alice&password=100%', 'password is not percent-encoded UTF-8'],
  ['?username=alice&password=%zz', 'password is not percent-encoded UTF-8'],
  ['?username=alice&password=%ff', 'password is not percent-encoded UTF-8'],
  ['?username=alice&password=%C0%80', 'password is not percent-encoded UTF-8'],
  ['?username=alice&password=%ED%A0%80', 'password is not percent-encoded UTF-8'],
  ['?username=alice&%zz=1', 'a parameter name is not percent-encoded UTF-8'],
  ['?username=alice&pool=', 'pool must be one of: alpine, got ""'],
  ['?username=alice&pool=debian', 'pool must be one of: alpine, got "debian"'],
]

const accepted: readonly [query: string, says: Record<string, unknown>][] = [
  ['username=a', { username: 'a' }],
  [`username=${long(32)}`, { username: long(32) }],
  ['username=_a.b-C9', { username: '_a.b-C9' }],
  ['user%6Eame=%61lice', { username: 'alice' }],
  ['&username=alice&&', { username: 'alice' }],
  ['username=alice&count=10', { username: 'alice' }],
  ['username=alice&count=01', { username: 'alice' }],
  ['username=alice&duration=1', { duration_minutes: 1 }],
  ['username=alice&duration=1.5', { duration_minutes: 1.5 }],
  ['username=alice&duration=1440', { duration_minutes: 1440 }],
  [`username=alice&password=${long(128)}`, { password: long(128) }],
  [`username=alice&password=${'%F0%9F%94%91'.repeat(64)}`, { password: '🔑'.repeat(64) }],
  ['username=alice&password=a+b', { password: 'a b' }],
  ['username=alice&password=a%2Bb', { password: 'a+b' }],
  ['username=alice&password=a=b', { password: 'a=b' }],
  ['username=alice&password=%25zz', { password: '%zz' }],
  [`username=alice&password=${encodeURIComponent(`"' :$(id){{7*7}}\\&?#`)}`, { password: `"' :$(id){{7*7}}\\&?#` }],
]

describe('GET /reserve refuses, and takes nothing,', () => {
  for (const [query, error] of refused) {
    it(query.length > 60 ? `${query.slice(0, 60)}…` : query || 'no query', async () => {
      const api = await openApi()
      const before = await api.everything()
      const { status, text } = await api.get(`/reserve${query}`)
      const { username = '' } = Object.fromEntries(new URLSearchParams(query))
      const got = error.startsWith(USERNAME) ? `, got ${JSON.stringify(username)}` : ''
      assert.deepEqual({ status, text }, { status: 400, text: JSON.stringify({ error: error + got }) })
      assert.equal(await api.everything(), before)
    })
  }
})

describe('GET /reserve accepts', () => {
  for (const [query, says] of accepted) {
    it(query.length > 60 ? `${query.slice(0, 60)}…` : query, async () => {
      const api = await openApi()
      const { status, text } = await api.get(`/reserve?${query}`)
      assert.equal(status, 200, text)
      const answer = JSON.parse(text)
      for (const [key, value] of Object.entries(says)) assert.equal(answer[key], value)
    })
  }
})

describe('the endpoints without parameters', () => {
  for (const path of ['/available', '/reservations', '/release_all']) {
    it(`${path} refuses every parameter`, async () => {
      const api = await openApi()
      await api.get('/reserve?username=alice')
      const before = await api.everything()
      const { status, text } = await api.get(`${path}?username=alice`)
      const error = '"username" is not a parameter here; none is allowed'
      assert.deepEqual({ status, text }, { status: 400, text: JSON.stringify({ error }) })
      assert.equal(await api.everything(), before)
      assert.equal((await api.get(`${path}?`)).status, 200)
    })
  }
})

describe('any query at all', () => {
  const name = fc.constantFrom('username', 'password', 'count', 'duration', 'pool', 'user%6eame', 'x', '', '%zz')
  const value = fc.oneof(
    fc.constantFrom(
      'alice',
      'root',
      '1',
      '2',
      '0',
      '-1',
      '60',
      '1.5',
      '1e9',
      'alpine',
      '',
      '%ff',
      '%00',
      '+',
      '%C3%A9',
    ),
    fc.string({ unit: 'binary' }).map(encodeURIComponent),
    fc.string({ unit: 'grapheme-ascii' }),
  )
  const pair = fc.tuple(name, value).map(([n, v]) => `${n}=${v}`)
  const query = fc.array(fc.oneof(pair, value), { maxLength: 6 }).map((pairs) => pairs.join('&'))
  const likely = fc
    .tuple(fc.constantFrom('username=bob', 'username=alice&count=2'), query)
    .map((parts) => parts.join('&'))

  it('is answered 200, 400 or 409, and only 200 takes a container', async () => {
    const api = await openApi()
    const seen = new Set<number>()
    await fc.assert(
      fc.asyncProperty(fc.oneof(query, likely), async (text) => {
        const before = await api.everything()
        const { status, text: body } = await api.get(`/reserve?${text}`)
        seen.add(status)
        assert.ok([200, 400, 409].includes(status), `${status}: ${body}`)
        if (status === 200) assert.equal(JSON.parse(body).status, 'success')
        else assert.ok(JSON.parse(body).error.length > 10, body)
        assert.equal((await api.everything()) === before, status !== 200)
      }),
      { numRuns: 500 },
    )
    assert.deepEqual(seen, new Set([200, 400, 409]), 'some answer never came up')
  })
})
