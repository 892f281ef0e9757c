import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { POOL, problems, read } from '../support/config.ts'

const withDatabase = (database: string, some: object = {}) => ({ database, pools: { p: POOL }, ...some })

describe('a PostgreSQL database', () => {
  it('is named by a URL, and has defaults', () => {
    const config = read(withDatabase('postgres://berth@db.example.org/pools'))
    assert.equal(config.database, 'postgres://berth@db.example.org:5432/pools')
    assert.equal(config.ansibleOutput, '/somewhere/berth-ansible')
    assert.deepEqual(config.postgres, {
      host: 'db.example.org',
      port: 5432,
      user: 'berth',
      database: 'pools',
      sslMode: 'verify-full',
      caFile: null,
      passwordFile: null,
      secretFile: '/somewhere/berth-secret',
      timeoutMs: 5_000,
      listen: null,
    })
  })

  it('takes TLS, files, a limit and another address to listen at', () => {
    const url = 'postgresql://berth@[2001:db8::1]:6432/pools?sslmode=verify-ca&sslrootcert=ca.pem'
    const postgres = {
      password_file: '/run/password',
      secret_file: 'shared/secret',
      timeout: '10s',
      listen: 'db.example.org:5432',
    }
    const config = read(withDatabase(url, { postgres }))
    assert.equal(config.database, 'postgres://berth@[2001:db8::1]:6432/pools')
    assert.deepEqual(config.postgres, {
      host: '2001:db8::1',
      port: 6432,
      user: 'berth',
      database: 'pools',
      sslMode: 'verify-ca',
      caFile: '/somewhere/ca.pem',
      passwordFile: '/run/password',
      secretFile: '/somewhere/shared/secret',
      timeoutMs: 10_000,
      listen: { host: 'db.example.org', port: 5432 },
    })
  })

  it('is reached without TLS on this machine, unless the URL says otherwise', () => {
    const modeOf = (url: string) => read(withDatabase(url)).postgres?.sslMode
    assert.equal(modeOf('postgres://berth@127.0.0.1/pools'), 'disable')
    assert.equal(modeOf('postgres:///pools?host=/run/postgresql&user=berth'), 'disable')
    assert.equal(modeOf('postgres://berth@localhost/pools?sslmode=require'), 'require')
  })

  it('is named in the environment as well', () => {
    const { postgres } = read(
      { pools: { p: POOL } },
      {
        BERTH_DATABASE: 'postgres://berth@db/pools',
        BERTH_POSTGRES_PASSWORD_FILE: '/run/password',
      },
    )
    assert.equal(postgres?.host, 'db')
    assert.equal(postgres.passwordFile, '/run/password')
  })

  it('may be replaced by a file in the environment, which needs none of its settings', () => {
    const tree = withDatabase('postgres://berth@db/pools', { postgres: { timeout: '10s' } })
    const { database, postgres } = read(tree, { BERTH_DATABASE: 'trial.db' })
    assert.deepEqual([database, postgres], ['/somewhere/trial.db', null])
  })

  const severalHosts =
    'database: must name one host; for several servers, name an address that always leads to the primary, such as a ' +
    'virtual IP address or a load balancer'
  const example = 'postgres://berth@db.example.org/berth'
  for (const [title, tree, problem] of [
    [
      'a password in berth.yml, which many people read',
      withDatabase('postgres://berth:secret@db/pools'),
      'database: must not contain a password; put it in a file and name that file in postgres.password_file',
    ],
    ['no role', withDatabase('postgres://db/pools'), `database: must name role, host and database, like ${example}`],
    [
      'no database',
      withDatabase('postgres://berth@db'),
      `database: must name role, host and database, like ${example}`,
    ],
    [
      'an unknown sslmode',
      withDatabase('postgres://berth@db/pools?sslmode=prefer'),
      'database: has sslmode "prefer"; allowed: disable, require, verify-ca, verify-full',
    ],
    ['several hosts', withDatabase('postgres://berth@db-1,db-2/pools'), severalHosts],
    ['several hosts with ports', withDatabase('postgres://berth@db-1:5432,db-2:5433/pools'), severalHosts],
    ['several hosts in a parameter', withDatabase('postgres:///pools?user=berth&host=db-1,db-2'), severalHosts],
    [
      'an unknown parameter',
      withDatabase('postgres://berth@db/pools?ssl=true'),
      'database: has the unknown parameter "ssl"; allowed: host, user, sslmode, sslrootcert',
    ],
    [
      'a "%" in the URL that encodes nothing',
      withDatabase('postgres://berth@db/100%'),
      'database: has a "%" that is not followed by two hexadecimal digits; write it as %25',
    ],
    [
      'a timeout that PostgreSQL takes for none',
      withDatabase('postgres://berth@db/pools', { postgres: { timeout: '0s' } }),
      'postgres.timeout: must be between 1s and 60s',
    ],
    [
      'a timeout of minutes',
      withDatabase('postgres://berth@db/pools', { postgres: { timeout: '2m' } }),
      'postgres.timeout: must be between 1s and 60s',
    ],
    [
      'an unknown setting',
      withDatabase('postgres://berth@db/pools', { postgres: { listen_url: 'db' } }),
      'postgres.listen_url: unknown key; allowed: password_file, secret_file, listen, timeout',
    ],
  ] as const) {
    it(`is refused with ${title}`, () => assert.deepEqual(problems(tree), [problem]))
  }
})
