/** Messages and answers of `berth`, against the API over a manager in memory. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { Unreachable } from '../../src/client/client.ts'
import { failureOf } from '../../src/cli/failures.ts'
import { listening, openApi } from '../../lab/api.ts'
import { pool } from '../../lab/rows.ts'
import { openTokenApi } from '../support/http/token-api.ts'
import { testBerth } from '../support/manager/berth.ts'

const HOLD = { max: 3_600_000, containers: 2 }
const { address } = await listening(
  await openApi({
    pools: [pool({ name: 'alpine' }), pool({ name: 'none', size: 0 }), pool({ name: 'kept', hold: HOLD })],
  }),
)
const berth = testBerth({ BERTH_URL: address })

describe('an unknown name', () => {
  const cases: readonly [command: string, exit: number, message: RegExp][] = [
    [
      'reserve --pool nowhere',
      2,
      /^berth: pool must be one of: alpine, none, kept, got "nowhere"\n {2}`berth pools` lists/,
    ],
    [
      'run --pool nowhere -- true',
      2,
      /^berth: pool must be one of: alpine, none, kept, got "nowhere"\n {2}`berth pools` lists/,
    ],
    ['scale nowhere 3', 1, /^berth: there is no pool "nowhere"\n {2}`berth pools` lists the pools\n$/],
    [
      'containers recycle no-1',
      1,
      /^berth: there is no container "no-1"\n {2}`berth containers` lists the containers\n$/,
    ],
    ['token rm nope', 1, /^berth: there is no such token\n {2}`berth token ls` lists the tokens\n$/],
    [
      'reset no-1',
      1,
      /^berth: you have no reservation, container, .*"no-1"\n {2}`berth ls` lists your reservations\n$/,
    ],
  ]
  for (const [command, exit, message] of cases) {
    it(`is answered with where to look: berth ${command}`, async () => {
      const { code, stderr } = await berth.run(...command.split(' '))
      assert.equal(code, exit, stderr)
      assert.match(stderr, message)
    })
  }
})

describe('a pool', () => {
  it('of size 0 refuses a reserve, and says how to enlarge it', async () => {
    const { code, stderr } = await berth.run('reserve', '--pool', 'none')
    assert.equal(code, 2)
    assert.match(
      stderr,
      /^berth: count cannot be 1: pool "none" has size 0; an admin enlarges it with "berth scale none 1"$/m,
    )
  })

  it('without `hold` refuses `--hold`, and says how to allow it', async () => {
    const { code, stderr } = await berth.run('run', '--hold', '5m', '--', 'true')
    assert.equal(code, 2)
    assert.match(
      stderr,
      /^berth: pool "alpine" does not allow --hold\n {2}an admin allows it in berth\.yml: pools\.alpine\.hold: /,
    )
  })
})

describe('an answer', () => {
  it('of several containers says that they share account and password', async () => {
    const one = await berth.run('reserve')
    assert.doesNotMatch(one.stdout, /share/)
    const { stdout } = await berth.run('reserve', '--count', '2', '--name', 'web')
    assert.match(stdout, /^All 2 containers share this account and password\. People who must not enter/m)
    assert.match(stdout, /^Log in: `berth ssh web`\. Release: `berth release web`\.$/m)
  })

  it('of `ls --all --limit` has "next" as the API has it', async () => {
    const page = await berth.json<{ reservations: object[]; next: string | null }>('ls', '--all', '--limit', '1')
    assert.equal(page.reservations.length, 1)
    assert.match(page.next ?? '', /^[\w-]+$/)
    assert.equal((await berth.json<{ next: null }>('ls')).next, null)
  })
})

describe('--hold', () => {
  const cases: readonly [options: readonly string[], why: RegExp][] = [
    [['--hold', '30m', '--count', '3'], /^berth: --hold keeps at most 2 containers in pool "kept", got --count 3\n$/],
    [['--hold', '30s'], /^berth: --hold must be at least 1m, got "30s"\n$/],
    [['--hold', '2h'], /^berth: --hold must be at most 1h in pool "kept", got "2h"\n$/],
  ]
  for (const [options, why] of cases) {
    it(`${options.join(' ')} is refused before the command runs`, async () => {
      const { code, stderr } = await berth.run('run', '--pool', 'kept', ...options, '--', 'true')
      assert.equal(code, 2)
      assert.match(stderr, why)
    })
  }
})

describe('options that describe no reservation', () => {
  it('fail to extend, and are named', async () => {
    const { code, stderr } = await berth.run('extend', '--note', 'lab10', '--pool', 'alpine', '--by', '5m')
    const expected = 'berth: You have no active reservation to extend in pool "alpine" with note "lab10".\n'
    assert.deepEqual({ code, stderr }, { code: 1, stderr: expected })
  })

  it('leave nothing to release, which is no failure', async () => {
    const { code, stderr } = await berth.run('release', '--note', 'a', '--note', 'b', '--user', 'mia')
    const expected = 'You have no reservation to release with account "mia" with note "a" or "b".\n'
    assert.deepEqual({ code, stderr }, { code: 0, stderr: expected })
  })
})

describe('a whole home', () => {
  it('is not copied onto a folder that exists', async () => {
    for (const [command, source] of [
      ['cp', 'anna:'],
      ['cp', 'anna:.'],
      ['sync', 'anna:~/'],
    ] as const) {
      const { code, stderr } = await berth.run(command, source, berth.home)
      assert.equal(code, 2)
      assert.match(
        stderr,
        /exists: a whole home would overwrite files in it.*\n {2}name a folder that does not exist yet/,
      )
    }
  })
})

/** Starts a server that answers everything with this, and returns its address. */
async function answering(status: number, headers: Record<string, string> = {}): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status, headers).end('<html>')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a server in front of the manager', () => {
  const unencrypted = 'use https:// in --url or BERTH_URL; a token, if one is set, was sent unencrypted: '
  const cases: readonly [status: number, headers: Record<string, string>, message: string, advice: string][] = [
    [
      502,
      {},
      'the proxy at URL answers 502: the manager behind it does not answer',
      'try again in a minute, or ask the admin of that manager',
    ],
    [301, { location: 'https://lab/v1/pools' }, 'URL answers 301: it requires https', `${unencrypted}replace it`],
    [
      403,
      {},
      'URL answers 403: it probably requires https, or is not a Berth manager',
      `${unencrypted}replace it with a new one`,
    ],
    [404, {}, 'what answers there is not a Berth manager (HTTP 404)', 'check --url, BERTH_URL or the config file'],
  ]
  for (const [status, headers, message, advice] of cases) {
    it(`that answers ${status} is named, with advice`, async () => {
      const url = await answering(status, headers)
      const { code, stderr } = await berth.run('--url', url, 'pools')
      assert.equal(code, 5)
      assert.equal(stderr.startsWith(`berth: ${message.replace('URL', url)}\n  ${advice}`), true, stderr)
    })
  }
})

describe('a refused token', () => {
  it('that is malformed is called so, and the same advice is not given twice', async () => {
    const api = await openTokenApi()
    const { address: url } = await listening(api)
    const { code, stderr } = await berth.runWith({ env: { BERTH_URL: url, BERTH_TOKEN: 'abc def' } }, 'pools')
    assert.equal(code, 4)
    assert.match(stderr, /^berth: malformed API token: expected berth_.*"berth token create"\n {2}set BERTH_TOKEN or/)
    assert.equal(stderr.split('berth token create').length, 2)
  })
})

describe('a manager that cannot be reached', () => {
  const cases: readonly [code: string, message: RegExp, advice: RegExp][] = [
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /^https:\/\/lab has .* does not trust$/, /^NODE_EXTRA_CA_CERTS=FILE/],
    ['CERT_HAS_EXPIRED', /^https:\/\/lab has a certificate that has expired$/, /^renew it/],
    ['CERT_NOT_YET_VALID', /^https:\/\/lab has a certificate that is not valid yet$/, /clock/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /^https:\/\/lab has a certificate for other names$/, /--url/],
    ['ECONNREFUSED', /^https:\/\/lab does not answer: no$/, /is the manager running/],
  ]
  for (const [code, message, advice] of cases) {
    it(`is reported with advice: ${code}`, () => {
      // fetch wraps the reason.
      const cause = new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code }) })
      const failure = failureOf(new Unreachable('https://lab', cause))
      assert.equal(failure?.exit, 5)
      assert.match(failure.message, message)
      assert.match(failure.advice ?? '', advice)
    })
  }
})
