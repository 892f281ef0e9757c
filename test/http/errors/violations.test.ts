/** One 422 names every fault of a request, with its path, its value and what is allowed, in our words. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Api, openApi } from '../../../lab/api.ts'
import { pool } from '../../../lab/rows.ts'
import { openTokenApi } from '../../support/http/token-api.ts'

const JSON_BODY = { 'content-type': 'application/json' }
const KEY = `ssh-ed25519 ${'A'.repeat(68)} alice@laptop`
const STATES = 'waiting, preparing, active, ending, ended'
const PROPERTIES = 'pool, count, duration, username, password, password_style, ssh_keys, note, name, keepalive, wait'
const TIMESTAMP = 'an RFC 3339 timestamp like 2026-11-24T17:00:00Z'

async function faults(api: Api, method: string, url: string, body?: object, headers: Record<string, string> = {}) {
  const sent = body && JSON.stringify(body)
  const answer = await api.ask(method, url, { ...(sent && JSON_BODY), ...headers }, sent)
  assert.equal(answer.status, 422, answer.text)
  const { detail, errors } = JSON.parse(answer.text) as { detail: string; errors: { path: string; message: string }[] }
  const sentences = errors.map(({ path, message }) => `${path} ${message}`)
  assert.equal(detail, sentences.join('; '))
  return sentences
}

describe('a reserve', () => {
  it('is refused for its shape and for its rules at once', async () => {
    const api = await openApi()
    const body = {
      ...{ duration: '2 hours', count: '2', username: 'root', ssh_keys: ['nonsense', 7], wait: 'forever' },
      ...{ pool: 'nowhere', colour: 'red', passwort: 'x', note: 'x'.repeat(501), keepalive: '1s', name: 'Web' },
    }
    const before = await api.everything()
    const found = await faults(api, 'POST', '/v1/reservations', body, { 'idempotency-key': 'a b' })
    assert.deepEqual(found.toSorted(), [
      'Idempotency-Key must be 1 to 255 visible ASCII characters, like a UUID',
      `colour is unknown; allowed: ${PROPERTIES}`,
      'count must be a whole number, at least 1, got "2"',
      'duration must be a duration like 90m, 2h or PT1H30M, from 1m, got "2 hours"',
      'keepalive must be a duration like 5m, from 10s, got "1s"',
      'name must be 1 to 32 characters a-z, 0-9 and "-", begin with a letter and not end in "-", like web or ' +
        'job-1234; got "Web"',
      'note must have at most 500 characters, got 501',
      `passwort is unknown; did you mean "password"? allowed: ${PROPERTIES}`,
      'pool must be one of: alpine, got "nowhere"',
      'ssh_keys[0] must be a line of a public key file, such as "ssh-ed25519 AAAA… alice@laptop"',
      'ssh_keys[1] must be a string, got a number',
      'username "root" belongs to the image; choose another name',
      'wait must be a duration like 10m, from 0s to 7d, got "forever"',
    ])
    assert.equal(await api.everything(), before)
  })

  it('is refused for all of its rules at once', async () => {
    const api = await openApi()
    const body = { count: 11, duration: '3d', username: '1a', password: '', ssh_keys: [KEY, 'x'] }
    assert.deepEqual(await faults(api, 'POST', '/v1/reservations', body), [
      'count must be at most 10, the size of the pool, got 11',
      'duration must be a duration like 90m, 2h or PT1H30M, from 1m to 1d in pool "alpine", got "3d"',
      'username must be 1 to 32 of the characters A-Z a-z 0-9 . _ - and begin with a letter or "_", like "a", got "1a"',
      'password must not be empty',
      'ssh_keys[1] must be a line of a public key file, such as "ssh-ed25519 AAAA… alice@laptop"',
    ])
  })

  it('is refused for the limits of its token, too', async () => {
    const api = await openTokenApi()
    const { headers } = await api.give('alice', 'user', { limits: { containers: 1, durationMs: 60_000, pools: null } })
    const found = await faults(api, 'POST', '/v1/reservations', { duration: '2h', colour: 'red' }, headers)
    assert.deepEqual(found, [
      `colour is unknown; allowed: ${PROPERTIES}`,
      'duration must be at most 1m, the limit of your token, got 2h',
    ])
  })

  it('names what was expected of a value of another type', async () => {
    const api = await openApi()
    assert.deepEqual(await faults(api, 'POST', '/v1/reservations', { duration: 7_200, ssh_keys: KEY, wait: false }), [
      'duration must be a string like "90m", got 7200',
      'ssh_keys must be a list of strings, got a string',
      'wait must be a string like "10m", got false',
    ])
  })

  it('never repeats a password or a key', async () => {
    const api = await openApi()
    const secret = '-----BEGIN OPENSSH PRIVATE KEY----- hunter2'
    for (const body of [
      { password: 4_711, ssh_keys: secret },
      { password: [secret], ssh_keys: [{ secret }] },
    ]) {
      const text = (await faults(api, 'POST', '/v1/reservations', body)).join('\n')
      assert.doesNotMatch(text, /hunter2|4711/)
      assert.match(text, /^password must be a string/m)
    }
  })
})

describe('other requests', () => {
  const rows: readonly [method: string, url: string, body: object | undefined, ...sentences: string[]][] = [
    [
      ...(['GET', '/v1/reservations?state=x&limit=0&cursor=nonsense&owners=a', undefined] as const),
      'owners is unknown; did you mean "owner"? allowed: state, owner, username, pool, limit, cursor',
      'limit must be a whole number from 1 to 500, got 0',
      'cursor must be "next" of the previous page, got "nonsense"',
      `state must be one of ${STATES}, or several with commas between them, got "x"`,
    ],
    [
      ...(['GET', '/v1/reservations?state=active&state=ended', undefined] as const),
      `state must be one of ${STATES} or a string like "active,waiting", got a list`,
    ],
    [
      ...(['GET', '/v1/events?limit=5&tail=5&after=99999&kind=x&live=true', undefined] as const),
      `kind must be one of `,
      'tail must not be combined with limit; give one of them',
      'live is only for streams; add the header Accept: text/event-stream',
      'after is later than the latest event, ',
    ],
    ['GET', '/v1/events?after=1e400', undefined, 'after is too large a number'],
    [
      ...(['GET', '/v1/usage?from=then&to=now&by=week', undefined] as const),
      'by must be one of user, username, pool, day, got "week"',
      'from must be a day like 2026-11-24, or an RFC 3339 timestamp like 2026-11-24T17:00:00Z, got "then"',
      'to must be a day like 2026-11-24, or an RFC 3339 timestamp like 2026-11-24T17:00:00Z, got "now"',
    ],
    ['PATCH', '/v1/reservations/r1', {}, 'extend is missing; give extend, expires_at or note'],
    [
      ...(['PATCH', '/v1/reservations/r1', { extend: '1h', expires_at: '2028-01-01T00:00:00Z' }] as const),
      'extend must not be combined with expires_at; give one of them',
    ],
    [
      ...(['PATCH', '/v1/reservations/r1', { extend: 'much', colour: 1 }] as const),
      'colour is unknown; allowed: extend, expires_at, note',
      'extend must be a duration like 30m, 2h or PT1H30M, got "much"',
    ],
    [
      ...(['PATCH', '/v1/reservations/r1', { extend: '1h', note: 'demo' }] as const),
      'note must not be combined with extend or expires_at; send it in a request of its own',
    ],
    ['PATCH', '/v1/reservations/r1', { expires_at: 'soon' }, `expires_at must be ${TIMESTAMP}, got "soon"`],
    [
      ...(['POST', '/v1/reservations/r1/hold', { duration: 'long', x: 1 }] as const),
      'x is unknown; allowed: duration',
      'duration must be a duration like 30m, 2h or PT1H30M, got "long"',
    ],
    ['POST', '/v1/reservations/r1/hold', {}, 'duration is missing'],
    [
      ...(['PATCH', '/v1/pools/alpine', { size: 99, colour: 'red' }] as const),
      'colour is unknown; allowed: size',
      'size must be at most 10, the number of its ports in berth.yml, got 99',
    ],
    ['PATCH', '/v1/pools/alpine', { size: 'all' }, 'size must be a whole number, at least 0 or null, got "all"'],
    [
      ...([
        'POST',
        '/v1/tokens',
        { role: 'root', limits: { containers: '3', duration: 'x', pools: ['arch'] } },
      ] as const),
      'name is missing',
      'role must be one of admin, user, got "root"',
      'limits.containers must be a whole number, at least 0, got "3"',
      'limits.duration must be a duration like 90m, 2h or PT1H30M, at least 1 minute, got "x"',
      'limits.pools must be among: alpine, got "arch"',
    ],
    ['POST', '/v1/tokens', [], 'body must be an object, got a list'],
    ['POST', '/v1/release-all', { pools: 'a' }, 'pools is unknown; did you mean "pool"? allowed: pool, username'],
  ]
  for (const [method, url, body, ...sentences] of rows) {
    it(`${method} ${url} ${JSON.stringify(body) ?? ''}`, async () => {
      const api = await openApi({ pools: [pool({ name: 'alpine', size: 10 })] })
      const found = await faults(api, method, url, body)
      // An expected sentence may be only the beginning of the one found.
      assert.deepEqual(
        found.map((sentence, nth) => (sentence.startsWith(sentences[nth] ?? '?') ? sentences[nth] : sentence)),
        sentences,
      )
    })
  }
})

describe('a body that cannot be read', () => {
  const rows: readonly [
    title: string,
    headers: Record<string, string>,
    body: string,
    status: number,
    detail: RegExp,
  ][] = [
    [
      'of another type',
      { 'content-type': 'text/xml' },
      '<a/>',
      415,
      /^Content-Type "text\/xml" is not supported; send "Content-Type: application\/json"$/,
    ],
    [
      'of plain text',
      { 'content-type': 'text/plain' },
      '{}',
      415,
      /^Content-Type "text\/plain" is not supported; send/,
    ],
    ['of no type', {}, '{}', 415, /^the body has no Content-Type; send "Content-Type: application\/json"$/],
    ['that is no JSON', JSON_BODY, '{', 400, /^the body is not valid JSON; send a JSON object such as/],
    ['that is too large', JSON_BODY, `"${'x'.repeat(70_000)}"`, 413, /^the body is larger than 64 KiB, the maximum/],
  ]
  for (const [title, headers, body, status, detail] of rows) {
    it(title, async () => {
      const api = await openApi()
      const answer = await api.ask('POST', '/v1/reservations', headers, body)
      assert.equal(answer.status, status, answer.text)
      assert.match(JSON.parse(answer.text).detail, detail)
    })
  }
})
