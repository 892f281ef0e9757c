/** Well-formed requests with invalid values: each is refused with an error in the common form, and changes nothing. */
import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openApi } from '../../lab/api.ts'
import { tried } from '../../lab/proof.ts'
import { exchange, statusesIn } from '../support/http/raw-clients.ts'
import { serve } from '../support/world/served.ts'

const NUMBERS = [
  '1e400',
  '-1e400',
  '9007199254740993',
  '-0',
  'NaN',
  'Infinity',
  '0x10',
  '1e-7',
  '0.1',
  '１２',
  '٣',
  '1_000',
  '+1',
  ' 1',
  '1 ',
  '',
  'null',
]
const LENIENT = ['0x10', '+1', ' 1', '1 ', '', 'null']
/** As JSON; NaN and 0x10 are none. */
const JSON_NUMBERS = [
  '1e400',
  '-1e400',
  '9007199254740993',
  '-0',
  'NaN',
  'Infinity',
  '0x10',
  '1e-7',
  '0.5',
  '"12"',
  '"１２"',
  'null',
  'true',
  '[1]',
  '{}',
  '01',
  '+1',
  '1.',
  '-',
]

const WORDS = [
  '\0',
  'a\0b',
  'a\nb',
  '\u001b[31m',
  '\u202e',
  '\ufeffa',
  'ａｌｉｃｅ',
  'a'.repeat(33),
  'root',
  '../x',
  '-rf',
  '$(id)',
  '{{7*7}}',
  "a' OR 1=1",
  'a:b',
  '__proto__',
  'constructor',
  'toString',
  '𝒜',
  '\ud800',
]
/** These are names like any others. */
const FINE = ['__proto__', 'constructor', 'toString']

const DEEP = 30_000
const BODIES: Readonly<Record<string, string>> = {
  'lists in lists': '['.repeat(DEEP) + ']'.repeat(DEEP),
  'lists that do not end': '['.repeat(60_000),
  'maps in maps': `${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`,
  'deep inside of a field': `{"note":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`,
  'ten thousand keys': `{${Array.from({ length: 6_000 }, (_, nth) => `"k${nth}":1`).join()}}`,
  'a __proto__': '{"__proto__":{"role":"admin","count":5}}',
  'a __proto__ inside': '{"note":{"__proto__":{"x":1}}}',
  'a constructor': '{"constructor":{"prototype":{"role":"admin"}}}',
  'an escaped __proto__': '{"\\u005f_proto__":{"count":5}}',
  'thousands of keys for ssh': `{"ssh_keys":[${Array.from({ length: 10_000 }, () => '1').join()}]}`,
  'a key for ssh of 60 kB': `{"ssh_keys":["ssh-ed25519 ${'A'.repeat(60_000)}"]}`,
  'a key for ssh with a second line': '{"ssh_keys":["ssh-ed25519 AAAA x\\nssh-ed25519 BBBB y"]}',
  'a note of 501 characters': JSON.stringify({ note: 'n'.repeat(501) }),
  'a password with a line break': '{"password":"a\\nb"}',
  'a password of 129 characters': JSON.stringify({ password: 'p'.repeat(129) }),
  'half of a pair': '{"username":"\\ud800"}',
  'a list': '[]',
  'a text': '"{}"',
  'not quite JSON': "{'count':1}",
  'a comment': '{}//',
  'a mark at the beginning': '\ufeff{"count":0}',
  'an unknown duration': '{"duration":"PT99999999999999999999H"}',
  'a duration of years': '{"duration":"1000d"}',
}

it('Invalid numbers, names and bodies are refused with the reason, and change nothing', async (t) => {
  const api = await openApi()
  const before = await api.everything()
  const json = { 'content-type': 'application/json' }
  let count = 0
  const refused = async (what: string, answer: Promise<{ status: number; text: string }>) => {
    const { status, text } = await answer
    count += 1
    assert.ok(status >= 400 && status < 500, `${what}: ${status} ${text.slice(0, 300)}`)
    assert.ok(text.length < 6_000, `${what}: an answer of ${text.length} characters`)
    const told = JSON.parse(text) as { error?: string; code?: string; title?: string }
    assert.ok(told.error ?? (told.code && told.title), what)
    assert.doesNotMatch(told.error ?? '', /\p{Cc}/u, what)
  }
  for (const number of NUMBERS) {
    const text = encodeURIComponent(number)
    for (const name of ['count', 'duration'])
      await refused(`${name}=${number}`, api.get(`/reserve?username=a&${name}=${text}`))
    // A number may be written in several ways there; these are none, or out of bounds.
    if (!LENIENT.includes(number)) await refused(`limit=${number}`, api.get(`/v1/events?limit=${text}`))
  }
  for (const number of JSON_NUMBERS)
    await refused(`count: ${number}`, api.ask('POST', '/v1/reservations', json, `{"count":${number}}`))
  for (const word of WORDS.filter((w) => !FINE.includes(w))) {
    const body = JSON.stringify({ username: word })
    await refused(`username: ${body}`, api.ask('POST', '/v1/reservations', json, body))
    if (word !== '\ud800') await refused(`?username=${body}`, api.get(`/reserve?username=${encodeURIComponent(word)}`))
    await refused(`pool: ${body}`, api.ask('POST', '/v1/reservations', json, JSON.stringify({ pool: word })))
  }
  for (const name of FINE) {
    await refused(`pool: ${name}`, api.ask('POST', '/v1/reservations', json, JSON.stringify({ pool: name })))
    for (const path of [`/v1/pools/${name}`, `/v1/containers/${name}`, `/v1/reservations/${name}`]) {
      await refused(
        path,
        api.ask(
          path.includes('pools') ? 'PATCH' : 'GET',
          path,
          json,
          path.includes('pools') ? '{"size":2}' : undefined,
        ),
      )
    }
    await refused(`?${name}=1`, api.get(`/reserve?username=alice&${name}=1`))
    await refused(`?${name}[x]=1`, api.get(`/v1/events?${name}[x]=1`))
    await refused(`by=${name}`, api.get(`/v1/usage?by=${name}`))
  }
  for (const [what, body] of Object.entries(BODIES))
    await refused(what, api.ask('POST', '/v1/reservations', json, body))
  for (const path of [
    '/reserve?username=%ff%fe',
    '/reserve?username=%',
    '/v1/containers/%ff',
    '/%c0%ae%c0%ae/etc/passwd',
    '/reserve?%00=1',
    '/v1/reservations?cursor=%00',
    '/v1/events?after=-1',
  ]) {
    await refused(path, api.get(path))
  }
  for (const key of ['', ' ', 'a'.repeat(256), 'schlüssel', 'a b']) {
    await refused(
      `Idempotency-Key: ${key}`,
      api.ask('POST', '/v1/reservations', { ...json, 'idempotency-key': key }, '{}'),
    )
  }
  assert.equal(await api.everything(), before)
  assert.equal(Object.hasOwn(Object.prototype, 'role') || 'count' in {}, false)
  tried(t, count, 'requests')
})

it('Invalid bodies and invalid UTF-8, sent repeatedly, never cause a 5xx or stop the server', async (t) => {
  const served = await serve()
  after(() => served.stop())
  const head = (length: number) =>
    `POST /v1/reservations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`
  const bytes = ['\xff\xfe', '{"username":"\xc3\x28"}', '{"note":"\xed\xa0\x80"', '\x00{}', `{"\xf0\x28\x8c\x28":1}`]
  const requests = [
    ...bytes.map((body) => head(body.length) + body),
    ...Object.values(BODIES).map((body) => head(Buffer.byteLength(body)) + Buffer.from(body).toString('latin1')),
    ...['\xff', '%ff', '\x80/../'].map((path) => `GET /${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
    'GET /available HTTP/1.1\r\nHost: \xff\xfe\r\nContent-Length: 9999999\r\n\r\n',
  ]
  await served.withstands(async () => {
    for (let round = 0; round < 3; round += 1) {
      for (const request of requests) {
        const received = await exchange(served.port, request)
        const [status = 0] = statusesIn(received)
        assert.ok(status < 500, `${JSON.stringify(request.slice(0, 200))}: ${received.slice(0, 300)}`)
      }
    }
    await sleep(100)
  })
  tried(t, 3 * requests.length, 'requests')
})
