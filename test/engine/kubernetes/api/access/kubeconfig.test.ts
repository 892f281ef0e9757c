/** What a kubeconfig may contain, and what is said about one that cannot be used. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { stringify } from 'yaml'
import type { BerthError } from '../../../../../src/domain/errors.ts'
import type { Cluster } from '../../../../../src/engine/kubernetes/api/access/cluster.ts'
import { readKubeconfig } from '../../../../../src/engine/kubernetes/api/access/kubeconfig.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-kubeconfig-'))
after(() => rmSync(folder, { recursive: true }))
mkdirSync(join(folder, 'keys'))
execFileSync('openssl', [
  ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=test'],
  ...['-keyout', join(folder, 'keys/user.key'), '-out', join(folder, 'keys/user.crt')],
])
const CERT = readFileSync(join(folder, 'keys/user.crt'), 'utf8')
const KEY = readFileSync(join(folder, 'keys/user.key'), 'utf8')
const base64 = (text: string) => Buffer.from(text).toString('base64')

const file = join(folder, 'config')
const signal = new AbortController().signal
let now = 1_800_000_000_000

async function read(
  text: string,
  context: string | null = null,
  environment: Readonly<Record<string, string>> = {},
): Promise<Cluster> {
  writeFileSync(file, text)
  return readKubeconfig(file, { context, environment, clock: () => now })
}

async function problem(text: string, context: string | null = null): Promise<string> {
  const error = await read(text, context).then(
    () => assert.fail('it was accepted'),
    (thrown: BerthError) => thrown,
  )
  assert.equal(error.code, 'invalid_config')
  return error.message.replaceAll(folder, 'FOLDER')
}

/** A kubeconfig with one context, whose user and cluster have these fields. */
function config(user: object, cluster: object = {}): string {
  return stringify({
    clusters: [{ name: 'lab', cluster: { server: 'https://lab.example:6443', ...cluster } }],
    users: [{ name: 'ada', user }],
    contexts: [{ name: 'work', context: { cluster: 'lab', user: 'ada' } }],
    'current-context': 'work',
  })
}

/** A user whose credentials are what this shell script prints. */
function plugin(script: string, more: object = {}): string {
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script], ...more }
  return config({ exec })
}

describe('a kubeconfig', () => {
  it('names a server, its authority and a namespace', async () => {
    const text = stringify({
      clusters: [
        { name: 'other', cluster: { server: 'https://other.example' } },
        {
          name: 'lab',
          cluster: {
            server: 'https://10.0.0.1:6443/k8s/clusters/c-1',
            'certificate-authority-data': base64(CERT),
            'tls-server-name': 'kubernetes',
          },
        },
      ],
      users: [{ name: 'ada', user: { token: 'abc' } }],
      contexts: [
        { name: 'home', context: { cluster: 'other', user: 'ada' } },
        { name: 'work', context: { cluster: 'lab', user: 'ada', namespace: 'berth-lab' } },
      ],
      'current-context': 'home',
    })
    const chosen = await read(text, 'work')
    assert.equal(chosen.server.href, 'https://10.0.0.1:6443/k8s/clusters/c-1')
    assert.equal(chosen.ca, CERT)
    assert.equal(chosen.serverName, 'kubernetes')
    assert.equal(chosen.namespace, 'berth-lab')
    assert.equal(chosen.verifies, true)
    assert.equal(chosen.source, `context "work" of ${file}`)
    const current = await read(text)
    assert.equal(current.server.host, 'other.example')
    assert.equal(current.namespace, null)
    assert.equal(current.ca, null)
  })

  it('has a client certificate, as data or in files beside it', async () => {
    const expected = { token: null, certificate: { cert: CERT, key: KEY } }
    const data = { 'client-certificate-data': base64(CERT), 'client-key-data': base64(KEY) }
    const files = { 'client-certificate': 'keys/user.crt', 'client-key': join(folder, 'keys/user.key') }
    for (const user of [data, files]) {
      assert.deepEqual(await (await read(config(user))).credentials.identity(signal), expected)
    }
  })

  it('has a token, or the file of one, which is read again after a refusal', async () => {
    const fixed = await read(config({ token: 'abc' }))
    assert.deepEqual(await fixed.credentials.identity(signal), { token: 'abc', certificate: null })
    writeFileSync(join(folder, 'token'), 'first\n')
    const { credentials } = await read(config({ tokenFile: 'token', token: 'abc' }))
    const token = async () => (await credentials.identity(signal)).token
    assert.equal(await token(), 'first')
    writeFileSync(join(folder, 'token'), 'second\n')
    assert.equal(await token(), 'first')
    credentials.renew()
    assert.equal(await token(), 'second')
    rmSync(join(folder, 'token'))
    assert.equal(await token(), 'second')
    credentials.renew()
    await assert.rejects(token(), /engine_unavailable|cannot read the token of Kubernetes: ENOENT/)
  })

  it('says which field is wrong, and shows no secret', async () => {
    const cases: readonly [text: string, expected: RegExp][] = [
      ['- a', /must be a mapping/],
      ['a: [b', /is not YAML: BAD_\w+|is not YAML: \w+ in line 1, column \d+/],
      ['users: []', /current-context: is missing/],
      [config({}), /users\[0\]\.user: must have client-certificate with client-key, token, tokenFile or exec/],
      [config({ 'client-key': 'keys/user.key' }), /users\[0\]\.user: needs a client certificate and its key/],
      [
        config({ 'client-certificate': 'none.crt', 'client-key': 'keys/user.crt' }),
        /client-certificate: cannot be read: ENOENT.*none\.crt/,
      ],
      [
        config({ 'client-certificate': 'keys/user.crt', 'client-key': 'keys/user.crt' }),
        /client-key: must be a private key/,
      ],
      [config({ 'client-key-data': 'c2VjcmV0' }), /client-key-data: must be a private key .* encoded in base64/],
      [config({ token: 'secret secret' }), /user\.token: contains characters that no token has/],
      [config({ token: ['secret'] }), /user\.token: must be text/],
      [config({ username: 'a', password: 'secret' }), /user\.username: is not supported/],
      [config({ 'auth-provider': { name: 'oidc' } }), /user\.auth-provider: is not supported\. Use "exec"/],
      [config({ token: 'a', as: 'bob' }), /user\.as: is not supported/],
      [
        config({ token: 'a' }, { server: 'http://lab' }),
        /clusters\[0\]\.cluster\.server: must be a URL that begins with https/,
      ],
      [config({ token: 'a' }, { 'proxy-url': 'socks5://x' }), /cluster\.proxy-url: is not supported/],
      [config({ exec: { command: 'aws' } }), /user\.exec\.apiVersion: must be client\.authentication/],
      [plugin('', { interactiveMode: 'Always' }), /exec\.interactiveMode: must not be Always/],
    ]
    for (const [text, expected] of cases) {
      const message = await problem(text)
      assert.match(message, expected)
      assert.match(message, /^the kubeconfig FOLDER\/config /)
      assert.ok(!message.includes('secret') && !message.includes('c2VjcmV0'), message)
    }
  })

  it('names the contexts that there are', async () => {
    const message = await problem(config({ token: 'a' }), 'wrok')
    assert.match(message, /contexts: has no entry named "wrok"; it has "work"/)
    await assert.rejects(
      readKubeconfig(join(folder, 'nowhere'), { context: null, environment: {}, clock: () => now }),
      {
        code: 'invalid_config',
        message: /the kubeconfig cannot be read: ENOENT.*nowhere/,
      },
    )
  })
})

describe('a program that prints credentials', () => {
  const answer = (status: object) => `printf %s '${JSON.stringify({ status })}'`

  it('runs once until the credential expires or is refused', async () => {
    const count = join(folder, 'runs')
    const expires = new Date(now + 3_600_000).toISOString()
    const script = `echo x >>'${count}'; ${answer({ token: 'made', expirationTimestamp: expires })}`
    const { credentials } = await read(plugin(script), null, { PATH: process.env['PATH'] ?? '' })
    const runs = () => readFileSync(count, 'utf8').length / 2
    await Promise.all([credentials.identity(signal), credentials.identity(signal)])
    assert.deepEqual(await credentials.identity(signal), { token: 'made', certificate: null })
    assert.equal(runs(), 1)
    credentials.renew()
    await credentials.identity(signal)
    assert.equal(runs(), 2)
    now += 3_600_000
    await credentials.identity(signal)
    assert.equal(runs(), 3)
  })

  it('has its own environment, and the kubeconfig’s', async () => {
    const script =
      'printf \'{"status": {"token": "%s-%s-%s"}}\' "$HERE" "$THERE" "$(echo "$KUBERNETES_EXEC_INFO" | wc -l)"'
    const text = plugin(script, { env: [{ name: 'THERE', value: 'there' }] })
    const { credentials } = await read(text, null, { PATH: process.env['PATH'] ?? '', HERE: 'here' })
    assert.equal((await credentials.identity(signal)).token, 'here-there-1')
  })

  it('can be a script beside the kubeconfig, and print a certificate', async () => {
    const certificate = { clientCertificateData: CERT, clientKeyData: KEY }
    writeFileSync(join(folder, 'login'), `#!/bin/sh\n${answer(certificate)}\n`, { mode: 0o755 })
    const { credentials } = await read(plugin('', { command: './login', args: [] }))
    const expected = { token: null, certificate: { cert: CERT, key: KEY } }
    assert.deepEqual(await credentials.identity(signal), expected)
  })

  it('says why there is no credential, without what was printed', async () => {
    const cases: readonly [text: string, expected: RegExp][] = [
      [plugin('echo asking >&2; echo you are not logged in >&2; exit 3'), /exit code 3: you are not logged in$/],
      [plugin('echo secret'), /it must print an ExecCredential in JSON, and printed something else$/],
      [plugin(answer({ token: 'secret secret' })), /it printed neither a token nor a certificate with its key$/],
      [plugin(answer({})), /neither a token nor/],
      [plugin(answer({ token: 'a', expirationTimestamp: 'soon' })), /expirationTimestamp is not a time$/],
      [plugin('', { command: 'no-such-login', installHint: 'see the wiki' }), /was not found: see the wiki$/],
    ]
    for (const [text, expected] of cases) {
      const { credentials } = await read(text, null, { PATH: process.env['PATH'] ?? '' })
      await assert.rejects(credentials.identity(signal), (error: BerthError) => {
        assert.equal(error.code, 'engine_unavailable')
        assert.match(error.message, expected)
        assert.match(error.message, /\(users\[0\]\.user\.exec of .*config\)/)
        return !error.message.includes('secret')
      })
    }
  })
})
