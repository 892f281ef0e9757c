/** Who may use the API: what can be said about it, and what is wrong with it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { readClientSecret } from '../../src/config/client-secret.ts'
import { POOL, problems, read } from '../support/config.ts'

const pools = { alpine: POOL }
const ISSUER = 'https://login.example.org/realms/lab'
const OIDC = { issuer: ISSUER, audience: 'berth' }
const UNLIMITED = { containers: null, durationMs: null, pools: null }
const SIGN_ON = {
  issuer: ISSUER,
  audience: 'berth',
  clients: null,
  adminClaim: null,
  nameClaim: 'sub',
  limits: UNLIMITED,
}

function access(tree: object, environment: Readonly<Record<string, string>> = {}) {
  const { auth, signOn, rateLimit, trustProxy } = read({ ...tree, pools }, environment)
  return { auth, signOn, rateLimit, trustProxy }
}

describe('sign-in with a browser', () => {
  const url = 'https://berth.example.org'
  const signIn = (tree: object, environment: Readonly<Record<string, string>> = {}) => {
    const { url: read1, oidcClient } = read({ ...tree, pools }, environment)
    return { url: read1, oidcClient }
  }
  const client = (some: object) => ({ url, auth: { oidc: { ...OIDC, client_id: 'berth-web', ...some } } })
  const SCOPES = ['openid', 'profile', 'email']
  const rows: readonly [title: string, tree: object, expected: object][] = [
    ['has no URL and no client by default', {}, { url: null, oidcClient: null }],
    ['has no client without client_id', { auth: { oidc: OIDC } }, { url: null, oidcClient: null }],
    ['has a URL as browsers write it', { url: 'HTTPS://Berth.Example.org:443/' }, { url, oidcClient: null }],
    ['may have a port and no TLS', { url: 'http://lab:8081' }, { url: 'http://lab:8081', oidcClient: null }],
    ['has a URL with auth: none', { auth: 'none', url }, { url, oidcClient: null }],
    ['has a public client', client({}), { url, oidcClient: { id: 'berth-web', secretFile: null, scopes: SCOPES } }],
    [
      'has a secret in a file beside berth.yml, and scopes',
      client({ client_secret_file: 'oidc.secret', scopes: ['groups'] }),
      { url, oidcClient: { id: 'berth-web', secretFile: '/etc/berth/oidc.secret', scopes: ['openid', 'groups'] } },
    ],
  ]
  for (const [title, tree, expected] of rows) {
    it(title, () => {
      const { oidcClient, ...rest } = signIn(tree)
      const secretFile = oidcClient?.secretFile?.replace(/^.*\/(?=oidc)/, '/etc/berth/') ?? null
      assert.deepEqual({ ...rest, oidcClient: oidcClient && { ...oidcClient, secretFile } }, expected)
    })
  }

  it('does not take BERTH_URL, the manager of the command, for the URL of this one', () => {
    assert.equal(signIn({}, { BERTH_URL: 'http://elsewhere:8080' }).url, null)
  })

  const invalid: readonly [tree: object, problem: RegExp][] = [
    ...[
      'lab',
      'ftp://lab',
      'https://lab/berth',
      'https://lab/?x',
      'https://a:b@lab',
      'https://lab#x',
      7,
      ['https://lab'],
    ].map((text): [object, RegExp] => [
      { url: text },
      /^url: must be a URL without a path, like https:\/\/berth\.example\.org, not/,
    ]),
    [
      { auth: { oidc: { ...OIDC, client_id: 'x' } } },
      /^url: must be the URL of this manager.* with auth\.oidc\.client_id/,
    ],
    [{ auth: { oidc: { ...OIDC, client_secret_file: 'x' } } }, /^auth\.oidc\.client_secret_file: requires client_id/],
    [client({ scopes: 'a"b' }), /^auth\.oidc\.scopes: must be a list of scopes/],
    [client({ client_id: '' }), /^auth\.oidc\.client_id: must be a non-empty string/],
  ]
  for (const [tree, problem] of invalid) {
    it(`is refused: ${JSON.stringify(tree)}`, () => {
      const found = problems({ ...tree, pools })
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0] ?? '', problem)
    })
  }

  it('reads the secret without its line break, and says what is wrong with the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-secret-'))
    const file = join(folder, 'secret')
    writeFileSync(file, ' pa ss \n')
    assert.equal(readClientSecret(file), 'pa ss')
    writeFileSync(file, '\n')
    assert.throws(() => readClientSecret(file), /client_secret_file .* is empty; it must contain the secret/)
    assert.throws(() => readClientSecret(join(folder, 'none')), /client_secret_file .* cannot be read: ENOENT/)
    rmSync(folder, { recursive: true })
  })
})

describe('auth', () => {
  const TOKENS = { auth: 'tokens', signOn: null, rateLimit: 1_200, trustProxy: [] }
  const NONE = { auth: 'none', signOn: null, rateLimit: 0, trustProxy: [] }
  const rows: readonly [title: string, tree: object, environment: Record<string, string>, expected: object][] = [
    ['requires tokens by default', {}, {}, TOKENS],
    ['requires tokens when it is empty', { auth: null }, {}, TOKENS],
    ['requires tokens', { auth: 'tokens' }, {}, TOKENS],
    ['requires tokens when it is an empty map', { auth: {} }, {}, TOKENS],
    ['requires no token', { auth: 'none' }, {}, NONE],
    ['trusts the proxy of this machine', { trust_proxy: 'loopback' }, {}, { ...TOKENS, trustProxy: ['loopback'] }],
    [
      'trusts proxies by the environment',
      {},
      { BERTH_TRUST_PROXY: '10.0.0.0/8, 2001:db8::1' },
      { ...TOKENS, trustProxy: ['10.0.0.0/8', '2001:db8::1'] },
    ],
    ['requires no token, by the environment', { auth: { oidc: OIDC } }, { BERTH_AUTH: 'none' }, NONE],
    ['requires tokens, by the environment', { auth: 'none' }, { BERTH_AUTH: 'tokens' }, TOKENS],
    ['trusts a provider', { auth: { oidc: OIDC } }, {}, { ...TOKENS, signOn: SIGN_ON }],
    [
      'trusts a provider that the environment alone names',
      { auth: 'none' },
      { BERTH_AUTH_OIDC_ISSUER: ISSUER, BERTH_AUTH_OIDC_AUDIENCE: 'berth' },
      { ...TOKENS, signOn: SIGN_ON },
    ],
    [
      'trusts a provider of which the environment names a part',
      { auth: { oidc: OIDC } },
      { BERTH_AUTH_OIDC_AUDIENCE: 'lab', BERTH_AUTH_OIDC_LIMITS_POOLS: 'alpine' },
      { ...TOKENS, signOn: { ...SIGN_ON, audience: 'lab', limits: { ...UNLIMITED, pools: ['alpine'] } } },
    ],
    [
      'has everything of a provider',
      {
        auth: {
          oidc: {
            ...OIDC,
            admin_claim: 'groups=cn=admins,dc=example',
            name_claim: 'email',
            limits: { containers: 5, duration: '8h', pools: ['alpine'] },
          },
        },
      },
      {},
      {
        ...TOKENS,
        signOn: {
          ...SIGN_ON,
          adminClaim: { name: 'groups', value: 'cn=admins,dc=example' },
          nameClaim: 'email',
          limits: { containers: 5, durationMs: 8 * 3_600_000, pools: ['alpine'] },
        },
      },
    ],
    [
      'trusts a provider on the loopback without TLS',
      { auth: { oidc: { ...OIDC, issuer: 'http://[::1]:9000' } } },
      {},
      { ...TOKENS, signOn: { ...SIGN_ON, issuer: 'http://[::1]:9000' } },
    ],
    ['limits the rate also without tokens', { auth: 'none', rate_limit: 10 }, {}, { ...NONE, rateLimit: 10 }],
    ['limits no rate', { rate_limit: 0 }, {}, { ...TOKENS, rateLimit: 0 }],
  ]
  for (const [title, tree, environment, expected] of rows) {
    it(title, () => assert.deepEqual(access(tree, environment), expected))
  }

  it('allows any address with tokens', () => {
    assert.deepEqual(read({ listen: '0.0.0.0:80', pools }).listen, { host: '0.0.0.0', port: 80 })
  })

  it('accepts the variables of the command', () => {
    const { environment } = read({ pools }, { HOME: '/', BERTH_TOKEN: 'berth_x' })
    assert.equal(environment['HOME'], '/')
    assert.equal(environment['BERTH_TOKEN'], undefined, 'programs that it runs would have the token')
    assert.deepEqual(problems({ pools }, { BERTH_TOKEN: 'berth_x', BERTH_URL: 'http://localhost' }), [])
  })
})

describe('invalid auth', () => {
  const proxy = 'must be a list of loopback, IP addresses and networks like 10.0.0.0/8, not'
  const must = 'must be none, tokens or a map with the key oidc, not'
  const url = 'auth.oidc.issuer: must be a URL like https://login.example.org, not'
  const issuer = (written: unknown) => ({ auth: { oidc: { ...OIDC, issuer: written } } })
  type Row = [title: string, tree: object, environment: Record<string, string>, ...problems: string[]]
  const rows: readonly Row[] = [
    ['a word', { auth: 'open' }, {}, `auth: ${must} "open"`],
    ['a list', { auth: ['none'] }, {}, `auth: ${must} a list`],
    ...['proxy.example', '10.0.0.0/33', '0.0.0.0/0', '10.0.0.0/', '::/0', '10.0.0/8'].map(
      (one): Row => [`the proxy ${one}`, { trust_proxy: ['loopback', one] }, {}, `trust_proxy: ${proxy} "${one}"`],
    ),
    ['no list of proxies', { trust_proxy: 5 }, {}, 'trust_proxy: must be a list of names, not 5'],
    ['true', { auth: true }, {}, `auth: ${must} true`],
    ['a word of the environment', {}, { BERTH_AUTH: '' }, `auth: ${must} ""`],
    ['an unknown key', { auth: { ldap: {} } }, {}, 'auth.ldap: unknown key; allowed: oidc'],
    [
      'a provider that is not a map',
      { auth: { oidc: ISSUER } },
      {},
      'auth.oidc: must be a map of keys to values',
      `${url} nothing`,
      'auth.oidc.audience: must be a non-empty string, not nothing',
    ],
    ['a provider without TLS', issuer('http://login.example.org'), {}, `${url} "http://login.example.org"`],
    ['a provider with a password', issuer('https://a:b@example.org'), {}, `${url} "https://a:b@example.org"`],
    ['a provider with a query', issuer('https://example.org/?a=b'), {}, `${url} "https://example.org/?a=b"`],
    ['a provider that is not a URL', issuer('example.org'), {}, `${url} "example.org"`],
    [
      'everything at once',
      {
        auth: {
          oidc: {
            colour: 'red',
            admin_claim: 'admins',
            name_claim: '',
            limits: { containers: -1, duration: 5, pools: ['alpine', 'debian', 'arch'], size: 1 },
          },
        },
        rate_limit: 'few',
      },
      {},
      'auth.oidc.colour: unknown key; allowed: issuer, audience, clients, admin_claim, name_claim, client_id, client_secret_file, scopes, limits',
      `${url} nothing`,
      'auth.oidc.audience: must be a non-empty string, not nothing',
      'auth.oidc.admin_claim: must be claim=value like groups=berth-admins, not "admins"',
      'auth.oidc.name_claim: must be a non-empty string, not ""',
      'auth.oidc.limits.size: unknown key; allowed: containers, duration, pools',
      'auth.oidc.limits.containers: must be a whole number from 0 to 100000, not -1',
      'auth.oidc.limits.duration: must be a duration like 90s, 60m, 24h or 7d, not 5',
      'auth.oidc.limits.pools: there is no pool debian, arch',
      'rate_limit: must be a whole number from 0 to 1000000, not "few"',
    ],
    [
      'limits that are a list',
      { auth: { oidc: { ...OIDC, limits: [] } } },
      {},
      'auth.oidc.limits: must be a map of keys to values',
    ],
    [
      'pools that are no list',
      { auth: { oidc: { ...OIDC, limits: { pools: 3 } } } },
      {},
      'auth.oidc.limits.pools: must be a list of names, not 3',
    ],
    [
      'a provider beside nobody who is asked',
      {},
      { BERTH_AUTH: 'none', BERTH_AUTH_OIDC_ISSUER: ISSUER },
      'BERTH_AUTH_OIDC_ISSUER: overrides no key of berth.yml',
    ],
    [
      'a variable that is no key of a provider',
      { auth: { oidc: OIDC } },
      { BERTH_AUTH_OIDC_ISSUR: ISSUER },
      'BERTH_AUTH_OIDC_ISSUR: overrides no key of berth.yml; did you mean BERTH_AUTH_OIDC_ISSUER?',
    ],
  ]
  for (const [title, tree, environment, ...expected] of rows) {
    it(title, () => assert.deepEqual(problems({ ...tree, pools }, environment), expected))
  }
})
