/** `--key` as it is typed: files in every form, and keys from a server that stands for GitHub and GitLab. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Reserved } from '../../../src/client/client.ts'
import { listening, openApi } from '../../../lab/api.ts'
import { testBerth } from '../../support/manager/berth.ts'

const ALICE = `ssh-ed25519 ${'A'.repeat(68)} alice@laptop`
const BOB = `ssh-rsa ${'B'.repeat(372)} bob`
const api = await openApi()
const { address } = await listening(api)

const PAGES: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/alice.keys': (response) => response.end(`${ALICE}\n${BOB}\n`),
  '/empty.keys': (response) => response.end('\n'),
  '/moved.keys': (response) => response.writeHead(302, { location: '/alice.keys' }).end(),
  '/page.keys': (response) => response.end('<html>\u001b[31mlog in'),
  '/endless.keys': (response) => response.end('#'.repeat(300_000)),
  '/broken.keys': (response) => response.destroy(),
}
const asked: string[] = []
const server = createServer(({ url = '' }, response) => {
  asked.push(url)
  const page = PAGES[url]
  if (page) page(response)
  else response.writeHead(404).end('Not Found')
}).listen(0, '127.0.0.1')
await once(server, 'listening')
after(() => server.close())
const keyServer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const berth = testBerth({ BERTH_URL: address, BERTH_GITHUB_URL: keyServer, BERTH_GITLAB_URL: `${keyServer}/` })

function write(name: string, content: string): string {
  const file = join(berth.home, name)
  writeFileSync(file, content, { mode: 0o600 })
  return file
}

/** Reserves, and returns the keys of the account. */
async function keysOf(...args: string[]): Promise<readonly string[]> {
  const { id } = await berth.json<Reserved>('reserve', ...args)
  const { sshKeys = [] } = (await api.world.store.reservation(id)) ?? {}
  await berth.run('release', '--all')
  return sshKeys
}

before(() => {
  write('id', '-----BEGIN OPENSSH PRIVATE KEY-----\n')
  write('id.pub', `${ALICE}\n`)
})

describe('--key', () => {
  it('takes a public key, the private key beside it, and a file of several', async () => {
    const several = write('authorized_keys', `# laptop\n${ALICE}\n\n${BOB}\n`)
    const id = join(berth.home, 'id')
    for (const [args, keys] of [
      [['--key', `${id}.pub`], [ALICE]],
      [['--key', id], [ALICE]],
      [
        ['--key', several],
        [ALICE, BOB],
      ],
    ] as const) {
      const found = await keysOf(...args)
      assert.deepEqual(found.slice(0, keys.length), keys)
    }
  })

  it('refuses what is no public key, and says which file and why', async () => {
    const cases: readonly [content: string, says: RegExp][] = [
      ['-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n', /alone line 1 begins a private key.*\n {2}.*`ssh-keygen -y/],
      [`no-pty ${ALICE}`, /alone begins with options/],
      ['', /alone contains no public key/],
    ]
    for (const [content, says] of cases) {
      const { code, stderr } = await berth.run('reserve', '--key', write('alone', content))
      assert.equal(code, 2)
      assert.match(stderr, says)
      assert.doesNotMatch(stderr, /secret/)
    }
  })

  for (const prefix of ['gh', 'gl']) {
    it(`${prefix}:NAME fetches published keys, and shows them first`, async () => {
      const { code, stdout, stderr } = await berth.run('reserve', '--key', `${prefix}:alice`, '--json')
      assert.equal(code, 0, stderr)
      const { id } = JSON.parse(stdout) as Reserved
      assert.deepEqual((await api.world.store.reservation(id))?.sshKeys.slice(0, 2), [ALICE, BOB])
      const shown =
        /^Keys from http:.*\/alice\.keys:\n {2}SHA256:\S{43} ssh-ed25519 alice@laptop\n {2}SHA256:\S{43} ssh-rsa bob\n/
      assert.match(stderr, shown)
      await berth.run('release', '--all')
    })
  }

  it('says why published keys cannot be had, and reserves nothing', async () => {
    const cases: readonly [named: string, code: number, says: RegExp][] = [
      ['gh:nobody', 1, /no keys from http:.*\/nobody\.keys: there is no such user\n {2}save the public key in a file/],
      ['gl:empty', 1, /this user has published no key/],
      ['gh:moved', 1, /the answer is HTTP 302/],
      ['gh:page', 1, /the answer must be a line of a public key file/],
      ['gh:endless', 1, /the answer exceeds 256 KiB/],
      ['gh:broken', 1, /no keys from http:.*: other side closed/],
      ['gh:', 2, /"" is not a user name\n {2}write gh:NAME/],
      ['gh:../alice', 2, /"\.\.\/alice" is not a user name/],
      ['gh:alice?x', 2, /is not a user name/],
    ]
    for (const [named, code, says] of cases) {
      const ran = await berth.run('reserve', '--key', named)
      assert.match(ran.stderr, says)
      assert.equal(ran.code, code, named)
      assert.ok(!ran.stderr.includes('\u001b'))
    }
    const away = { env: { BERTH_GITHUB_URL: 'http://127.0.0.1:9' } }
    const { stderr } = await berth.runWith(away, 'reserve', '--key', 'gh:alice')
    assert.match(stderr, /no keys from http:\/\/127\.0\.0\.1:9\/alice\.keys: /)
    const invalid = await berth.runWith({ env: { BERTH_GITHUB_URL: 'nonsense' } }, 'reserve', '--key', 'gh:alice')
    assert.match(invalid.stderr, /invalid BERTH_GITHUB_URL "nonsense"/)
    assert.deepEqual((await api.world.store.snapshot()).reservations, [])
    assert.ok(asked.every((url) => /^\/[a-z]+\.keys$/.test(url)))
  })
})
