/**
 * Which engine the environment and Docker's own files name: the rules of the docker command, and what Berth refuses.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import {
  describeEngine,
  type EngineAddress,
  engineVariables,
  findEngine,
  withoutEngine,
} from '../../../src/config/engine/engine-address.ts'
import { BerthError } from '../../../src/domain/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-engine-'))
after(() => rmSync(folder, { recursive: true }))
const SOCKET = 'unix:///var/run/docker.sock'
const REMOTE = 'tcp://192.0.2.7:2376'

/** A folder like ~/.docker, in which `docker context` has made these contexts. */
function dockerConfig(
  name: string,
  config: string | undefined,
  contexts: Readonly<Record<string, Context>> = {},
): string {
  const path = join(folder, name)
  mkdirSync(path)
  if (config !== undefined) writeFileSync(join(path, 'config.json'), config)
  for (const [context, { keys, meta, ...docker }] of Object.entries(contexts)) {
    const id = createHash('sha256').update(context).digest('hex')
    mkdirSync(join(path, 'contexts/meta', id), { recursive: true })
    const content = meta ?? JSON.stringify({ Name: context, Metadata: {}, Endpoints: { docker } })
    writeFileSync(join(path, 'contexts/meta', id, 'meta.json'), content)
    if (keys) mkdirSync(keysOf(path, context), { recursive: true })
  }
  return path
}

interface Context {
  readonly Host?: string
  readonly SkipTLSVerify?: boolean
  readonly keys?: boolean
  readonly meta?: string
}

function keysOf(path: string, context: string): string {
  return join(path, 'contexts/tls', createHash('sha256').update(context).digest('hex'), 'docker')
}

const empty = dockerConfig('empty', undefined)
const unset = dockerConfig('unset', JSON.stringify({ auths: {} }))
const broken = dockerConfig('broken', '{"currentContext": ')
const used = dockerConfig('used', JSON.stringify({ currentContext: 'far away' }), {
  'far away': { Host: REMOTE, keys: true },
  plain: { Host: REMOTE },
  local: { Host: 'unix:///run/user/1000/docker.sock', keys: true },
  ssh: { Host: 'ssh://lab@192.0.2.7' },
  nameless: {},
  trusting: { Host: REMOTE, SkipTLSVerify: true, keys: true },
  damaged: { meta: 'no JSON' },
})
const gone = dockerConfig('gone', JSON.stringify({ currentContext: 'removed' }))

type Environment = Readonly<Record<string, string>>

const FOUND: readonly [
  what: string,
  environment: Environment,
  host: string,
  certificates: string | null,
  source: RegExp,
][] = [
  ['the default socket', { DOCKER_CONFIG: empty }, SOCKET, null, /^the default$/],
  ['the default socket, without a context', { DOCKER_CONFIG: unset }, SOCKET, null, /^the default$/],
  [
    'the default socket, for empty variables',
    { DOCKER_CONFIG: empty, DOCKER_HOST: '', DOCKER_CONTEXT: '' },
    SOCKET,
    null,
    /^the default$/,
  ],
  [
    'the default socket, though another context is in use',
    { DOCKER_CONFIG: used, DOCKER_CONTEXT: 'default' },
    SOCKET,
    null,
    /^the default$/,
  ],
  ['the folder below HOME', { HOME: join(folder, 'nowhere') }, SOCKET, null, /^the default$/],
  [
    'DOCKER_HOST',
    { DOCKER_CONFIG: empty, DOCKER_HOST: 'unix:///tmp/d.sock' },
    'unix:///tmp/d.sock',
    null,
    /^DOCKER_HOST$/,
  ],
  [
    'DOCKER_HOST, beside DOCKER_CONTEXT',
    { DOCKER_CONFIG: used, DOCKER_HOST: SOCKET, DOCKER_CONTEXT: 'far away' },
    SOCKET,
    null,
    /^DOCKER_HOST$/,
  ],
  [
    'DOCKER_HOST, beside a missing context',
    { DOCKER_CONFIG: gone, DOCKER_HOST: SOCKET, DOCKER_CONTEXT: 'nope' },
    SOCKET,
    null,
    /^DOCKER_HOST$/,
  ],
  [
    'DOCKER_HOST, beside a broken config.json',
    { DOCKER_CONFIG: broken, DOCKER_HOST: SOCKET },
    SOCKET,
    null,
    /^DOCKER_HOST$/,
  ],
  ['DOCKER_HOST without TLS', { DOCKER_CONFIG: empty, DOCKER_HOST: REMOTE }, REMOTE, null, /^DOCKER_HOST$/],
  [
    'DOCKER_CERT_PATH',
    { DOCKER_CONFIG: empty, DOCKER_HOST: REMOTE, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/keys' },
    REMOTE,
    '/keys',
    /^DOCKER_HOST$/,
  ],
  [
    'keys beside config.json',
    { DOCKER_CONFIG: empty, DOCKER_HOST: REMOTE, DOCKER_TLS_VERIFY: '1' },
    REMOTE,
    empty,
    /^DOCKER_HOST$/,
  ],
  [
    'a verified engine, with DOCKER_TLS as well',
    { DOCKER_CONFIG: empty, DOCKER_HOST: REMOTE, DOCKER_TLS: '1', DOCKER_TLS_VERIFY: '1' },
    REMOTE,
    empty,
    /^DOCKER_HOST$/,
  ],
  [
    'a socket, which needs no TLS',
    { DOCKER_CONFIG: empty, DOCKER_HOST: SOCKET, DOCKER_TLS: '1', DOCKER_TLS_VERIFY: '1' },
    SOCKET,
    null,
    /^DOCKER_HOST$/,
  ],
  [
    'the context in use',
    { DOCKER_CONFIG: used },
    REMOTE,
    keysOf(used, 'far away'),
    /^context "far away" of .*config\.json$/,
  ],
  [
    'DOCKER_CONTEXT',
    { DOCKER_CONFIG: used, DOCKER_CONTEXT: 'plain' },
    REMOTE,
    null,
    /^context "plain" of DOCKER_CONTEXT$/,
  ],
  [
    'DOCKER_CONTEXT, beside a broken config.json',
    { DOCKER_CONFIG: broken, DOCKER_CONTEXT: 'default' },
    SOCKET,
    null,
    /^the default$/,
  ],
  [
    'the socket of a context',
    { DOCKER_CONFIG: used, DOCKER_CONTEXT: 'local' },
    'unix:///run/user/1000/docker.sock',
    null,
    /^context "local"/,
  ],
  [
    'an engine behind SSH',
    { DOCKER_CONFIG: used, DOCKER_CONTEXT: 'ssh' },
    'ssh://lab@192.0.2.7',
    null,
    /^context "ssh"/,
  ],
]

const REFUSED: readonly [what: string, environment: Environment, says: RegExp][] = [
  [
    'a context that was removed',
    { DOCKER_CONFIG: gone },
    /context "removed" of .*config\.json does not exist: `docker context ls`/,
  ],
  [
    'a context that does not exist',
    { DOCKER_CONFIG: used, DOCKER_CONTEXT: 'nope' },
    /context "nope" of DOCKER_CONTEXT does not exist/,
  ],
  ['a name that is a path', { DOCKER_CONFIG: used, DOCKER_CONTEXT: '../../used' }, /does not exist/],
  ['a broken config.json', { DOCKER_CONFIG: broken }, /config\.json cannot be read: .*JSON/],
  ['a damaged context', { DOCKER_CONFIG: used, DOCKER_CONTEXT: 'damaged' }, /meta\.json cannot be read: .*JSON/],
  [
    'a context without an engine',
    { DOCKER_CONFIG: used, DOCKER_CONTEXT: 'nameless' },
    /the endpoint of context "nameless" .* must be unix:\/\/, tcp:\/\/ or ssh:\/\/, got ""/,
  ],
  ['a context that verifies nothing', { DOCKER_CONFIG: used, DOCKER_CONTEXT: 'trusting' }, /skips TLS verification/],
  [
    'DOCKER_TLS alone',
    { DOCKER_CONFIG: empty, DOCKER_HOST: REMOTE, DOCKER_TLS: '1' },
    /trusts any engine .*: set DOCKER_TLS_VERIFY=1/,
  ],
]

describe('the engine', () => {
  for (const [what, environment, host, certificates, source] of FOUND) {
    it(`is ${what}`, () => {
      const found = findEngine(environment)
      assert.deepEqual({ host: found.host, certificates: found.certificates }, { host, certificates })
      assert.match(found.source, source)
    })
  }

  for (const [what, environment, says] of REFUSED) {
    it(`is not ${what}`, () => {
      assert.throws(
        () => findEngine(environment),
        (error) => error instanceof BerthError && error.code === 'invalid_config' && says.test(error.message),
      )
    })
  }

  it('is the same for child processes, whatever their inherited environment says', () => {
    const surroundings = { DOCKER_CONFIG: used, DOCKER_CONTEXT: 'plain', DOCKER_TLS: '1', PATH: '/bin' }
    const engine = { kind: 'docker', ...findEngine({ DOCKER_CONFIG: used }) } as const
    const told = { ...withoutEngine(surroundings), ...engineVariables(engine) } as Environment
    const { host, certificates } = findEngine(told)
    assert.deepEqual({ host, certificates }, { host: engine.host, certificates: engine.certificates })
    assert.equal(told['PATH'], '/bin')
    assert.throws(
      () => findEngine({ ...surroundings, ...engineVariables({ ...engine, certificates: null }) }),
      /DOCKER_TLS/,
    )
  })

  it('is described to people, with a warning if the connection has no TLS', () => {
    const told = (host: string, certificates: EngineAddress['certificates'] = null) =>
      describeEngine({ kind: 'docker', host, certificates, source: 'DOCKER_HOST' })
    assert.equal(told(SOCKET), `${SOCKET} (DOCKER_HOST)`)
    assert.equal(told(REMOTE, '/keys'), `${REMOTE} (DOCKER_HOST, TLS)`)
    for (const host of ['tcp://127.0.0.1:2375', 'tcp://[::1]:2375', 'tcp://localhost:2375', 'tcp://localhost']) {
      assert.equal(told(host), `${host} (DOCKER_HOST)`)
    }
    for (const host of [
      'tcp://192.0.2.7:2375',
      'tcp://[2001:db8::7]:2375',
      'tcp://engine.example:2375',
      'tcp://192.0.2.7',
    ]) {
      assert.match(told(host), /WITHOUT TLS/, host)
    }
  })
})
