/** Managers on several machines share a database, and each of them has a file with the secret. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { stringify } from 'yaml'
import { loadConfig } from '../../../src/config/config.ts'
import { startManager } from '../../../src/main.ts'
import { startPostgres } from '../../../lab/postgres/server.ts'
import { reservePorts } from '../../../lab/ports.ts'

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())
const database = await server.createDatabase('shared')

/** A machine: a folder with a berth.yml of this database. */
async function machine() {
  const folder = mkdtempSync(join(tmpdir(), 'berth-machine-'))
  after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'berth.yml')
  const [port] = await reservePorts(1)
  const common = { auth: 'none', engine: 'memory', log: 'error', pools: { lab: { size: 1, ssh_ports: '3001' } } }
  writeFileSync(file, stringify({ listen: `127.0.0.1:${port}`, database, ...common }))
  return {
    secret: join(folder, 'berth-secret'),
    /** Starts a manager, and stops it. */
    async serve() {
      const manager = await startManager(loadConfig({ BERTH_CONFIG: file }, file))
      await manager.stop()
    },
  }
}

const first = await machine()
await first.serve()

describe('a manager of a database that has managers on other machines', () => {
  it('does not start without their secret, and makes none', async () => {
    const { serve, secret } = await machine()
    const message = /berth-secret does not exist; copy the file from a machine where a manager of postgres:.* runs/
    await assert.rejects(serve(), { code: 'invalid_config', message })
    assert.equal(existsSync(secret), false)
  })

  it('does not start with another secret, and serves with theirs', async () => {
    const { serve, secret } = await machine()
    writeFileSync(secret, `${'ab'.repeat(32)}\n`, { mode: 0o600 })
    const message = /differs from that of the other managers of this database; copy the file/
    await assert.rejects(serve(), { code: 'invalid_config', message })
    copyFileSync(first.secret, secret)
    await serve()
  })

  it('makes another secret when all copies are lost and the check was removed', async () => {
    rmSync(first.secret)
    await assert.rejects(first.serve(), { code: 'invalid_config' })
    await server.query('shared', 'update database_identity set secret_check = null')
    await first.serve()
    assert.ok(existsSync(first.secret))
  })

  it('does not find the secret in the database', async () => {
    const [row] = await server.query('shared', 'select secret_check from database_identity')
    assert.match(String(row?.['secret_check']), /^[0-9a-f]{64}$/)
    assert.notEqual(String(row?.['secret_check']), readFileSync(first.secret, 'utf8').trim())
  })
})
