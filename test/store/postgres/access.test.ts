/** How a manager connects to a database server: TLS, passwords, and the errors. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { addressOf, startPostgres } from '../../../lab/postgres/server.ts'
import { parseConfig } from '../../../src/config/config.ts'
import { databaseOf } from '../../../src/store/open-store.ts'
import { makeCertificates } from '../../support/http/certificates.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-access-'))
after(() => rmSync(folder, { recursive: true }))
makeCertificates(join(folder, 'pki'), '127.0.0.1')
makeCertificates(join(folder, 'others'), '127.0.0.1')
const pki = (file: string) => readFileSync(join(folder, 'pki', file), 'utf8')

const server = await startPostgres(
  { fsync: 'off', ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key' },
  {
    'server.crt': pki('server/cert.pem'),
    'server.key': pki('server/key.pem'),
    'pg_hba.conf': `
      host all postgres 127.0.0.1/32 trust
      hostssl all tls 127.0.0.1/32 trust
      host all clerk 127.0.0.1/32 scram-sha-256\n`,
  },
)
after(() => server.stop())
await server.createDatabase('berth')
await server.query('berth', "create role tls superuser login; create role clerk superuser login password 'open sesame'")

/** Connects with `database` and `postgres` of berth.yml. Returns whether the database has been used. */
async function reach(url: string, postgres: object = {}): Promise<boolean> {
  const tree = { database: url, postgres, engine: 'memory', auth: 'none', pools: { p: { size: 1, ssh_ports: 2221 } } }
  const config = parseConfig(JSON.stringify(tree), join(folder, 'berth.yml'), {})
  return databaseOf(config).exists()
}

describe('TLS', () => {
  const at = (host: string, parameters: string) => `postgres://tls@${host}:${server.port}/berth?${parameters}`

  for (const [title, host, parameters] of [
    ['require accepts any certificate', '127.0.0.1', 'sslmode=require'],
    [
      'verify-full accepts a certificate of the authority for this host',
      '127.0.0.1',
      'sslmode=verify-full&sslrootcert=pki/ca.pem',
    ],
    ['verify-ca accepts one for another host', 'localhost', 'sslmode=verify-ca&sslrootcert=pki/ca.pem'],
  ] as const) {
    it(title, async () => assert.equal(await reach(at(host, parameters)), false))
  }

  for (const [title, host, parameters, message] of [
    ['disable is refused by this server', '127.0.0.1', 'sslmode=disable', /no pg_hba.conf entry|no encryption/],
    ['verify-full refuses one for another host', 'localhost', 'sslmode=verify-full&sslrootcert=pki/ca.pem', /altnames/],
    [
      'verify-full refuses one of another authority',
      '127.0.0.1',
      'sslmode=verify-full&sslrootcert=others/ca.pem',
      /certificate|signature/,
    ],
    [
      'verify-ca refuses one of another authority',
      '127.0.0.1',
      'sslmode=verify-ca&sslrootcert=others/ca.pem',
      /certificate|signature/,
    ],
    ['verify-full refuses one of no public authority', '127.0.0.1', 'sslmode=verify-full', /certificate/],
  ] as const) {
    it(title, () => assert.rejects(reach(at(host, parameters)), { code: 'database_unavailable', message }))
  }

  it('a missing file is named', () =>
    assert.rejects(reach(at('127.0.0.1', 'sslmode=verify-full&sslrootcert=no.pem')), {
      code: 'invalid_config',
      message: /no such file .*no\.pem.*sslrootcert in berth.yml/,
    }))
})

describe('the password', () => {
  const url = `postgres://clerk@127.0.0.1:${server.port}/berth`

  it('is read from the file that berth.yml names, for each connection', async () => {
    const file = join(folder, 'password')
    writeFileSync(file, 'wrong\n')
    const refused = reach(url, { password_file: 'password' })
    await assert.rejects(refused, { code: 'database_unavailable', message: /password authentication failed/ })
    writeFileSync(file, 'open sesame\n')
    assert.equal(await reach(url, { password_file: 'password' }), false)
  })

  it('is read from the file that PGPASSFILE names', async () => {
    const file = join(folder, 'pgpass')
    writeFileSync(file, `127.0.0.1:${server.port}:berth:clerk:open sesame\n`, { mode: 0o600 })
    process.env['PGPASSFILE'] = file
    after(() => delete process.env['PGPASSFILE'])
    assert.equal(await reach(url), false)
  })

  it('that the server asks for is missing: the error says where to put it', async () => {
    process.env['PGPASSFILE'] = join(folder, 'no-pgpass')
    after(() => delete process.env['PGPASSFILE'])
    const message = /it needs a password; put it into the file of postgres\.password_file, or into ~\/\.pgpass/
    await assert.rejects(reach(url), { code: 'invalid_config', message })
  })

  it('that cannot be read is reported, as is a missing server or database', async () => {
    await assert.rejects(reach(url, { password_file: 'none' }), { code: 'invalid_config', message: /none/ })
    const refused = reach('postgres://clerk@127.0.0.1:1/berth')
    await assert.rejects(refused, { code: 'database_unavailable', message: /ECONNREFUSED/ })
    const missing = addressOf(`postgres://postgres@127.0.0.1:${server.port}/nothing`)
    const { openPostgres } = await import('../../../src/store/postgres/open.ts')
    await assert.rejects(openPostgres(missing), { code: 'database_unavailable', message: /"nothing" does not exist/ })
  })
})
