/** The files of clients at `/client/NAME`. `test/packages/client.test.ts` installs one from there. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { openApi } from '../../../lab/api.ts'
import { clientFiles } from '../../../src/client-files.ts'
import { openTokenApi } from '../../support/http/token-api.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-clients-'))
after(() => rmSync(folder, { recursive: true }))
const bytes = Buffer.from([0x1f, 0x8b, 0, 255])
writeFileSync(join(folder, 'made.tgz'), bytes)
writeFileSync(join(folder, 'berth.py'), 'print("é")\n')
const FILES = {
  'made.tgz': join(folder, 'made.tgz'),
  'berth.py': join(folder, 'berth.py'),
  'missing.tgz': join(folder, 'missing.tgz'),
}

describe('GET /client/NAME', () => {
  it('returns a file, byte for byte, with its media type', async () => {
    const { server } = await openApi({ access: () => ({ clientFiles: FILES }) })
    const tarball = await server.inject('/client/made.tgz')
    assert.equal(tarball.statusCode, 200)
    assert.equal(tarball.headers['content-type'], 'application/gzip')
    assert.deepEqual(tarball.rawPayload, bytes)
    const program = await server.inject('/client/berth.py')
    assert.equal(program.headers['content-type'], 'text/x-python; charset=utf-8')
    assert.equal(program.payload, 'print("é")\n')
  })

  it('says what to do about a file that was not made', async () => {
    const { get } = await openApi({ access: () => ({ clientFiles: FILES }) })
    const { status, text } = await get('/client/missing.tgz')
    assert.equal(status, 404)
    assert.match(text, /this manager has no missing\.tgz yet: run \\"just client\\" in its checkout/)
    assert.ok(!text.includes(folder))
  })

  it('serves no other file', async () => {
    const { get } = await openApi({ access: () => ({ clientFiles: FILES }) })
    for (const name of ['other', 'constructor', '..%2fpackage.json', '%2e%2e%2fberth.yml', 'berth.py%00']) {
      const { status, text } = await get(`/client/${name}`)
      assert.equal(status, 404, name)
      assert.match(text, /there is no such client; allowed: made\.tgz, berth\.py, missing\.tgz/, name)
    }
  })

  it('needs no token', async () => {
    const { server } = await openTokenApi()
    assert.equal((await server.inject('/client/berth.py')).statusCode, 200)
    assert.equal((await server.inject('/v1/pools')).statusCode, 401)
  })

  it('has the packages of its own version only', () => {
    const { 'berth-cli.tgz': cli, 'berth-client.tgz': client } = clientFiles('4.5.6')
    assert.match(cli ?? '', /\/dist\/berth-cli-4\.5\.6\.tgz$/)
    assert.match(client ?? '', /\/dist\/berth-client-4\.5\.6\.tgz$/)
  })
})
