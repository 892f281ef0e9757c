/**
 * A client that a public generator makes of the served document: `docs/api.md` names the command. It compiles under
 * strict TypeScript, works, and has names that are pleasant to read.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { listening, openApi } from '../../lab/api.ts'
import { codeBlocks, readPage } from '../support/text/markdown.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const GENERATOR = join(ROOT, 'scripts/api-types/node_modules/.bin/openapi-ts')
const GENERATOR_PACKAGE = join(ROOT, 'scripts/api-types/node_modules/@hey-api/openapi-ts/package.json')
const api = await openApi()
const { address } = await listening(api)

const folder = mkdtempSync(join(tmpdir(), 'berth-generated-'))
after(() => rmSync(folder, { recursive: true }))

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>
}

const PROGRAM = `
import { createReservation, extendReservation, getReservation, releaseReservation, type Reservation } from './berth/index.js'
import { client } from './berth/client.gen.js'

client.setConfig({ baseUrl: process.argv[2] ?? '', auth: 'berth_x_y', throwOnError: true })
const { data: reserved } = await createReservation({ body: { username: 'alice', count: 2 }, throwOnError: true })
const path = { id: reserved.id }
const { data: read } = await getReservation({ path, throwOnError: true })
const { data: extended } = await extendReservation({ path, body: { extend: '30m' }, throwOnError: true })
const { data: released } = await releaseReservation({ path, throwOnError: true })
const ports = (reservation: Reservation) => reservation.containers.map(({ port }) => port)
const refused = await createReservation({ body: { count: 99 } }).catch((error: unknown) => error)
console.log(JSON.stringify({
  password: reserved.password?.length,
  same: read.id === reserved.id && ports(read).join() === ports(reserved).join(),
  later: (extended.expires_at ?? '') > (read.expires_at ?? ''),
  clamped: extended.clamped,
  outcome: released.outcome,
  refused,
}))
`

const SETTINGS = {
  compilerOptions: {
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'dom', 'dom.iterable'],
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    outDir: 'dist',
    rootDir: 'src',
  },
  include: ['src'],
}

async function compile(program: string): Promise<void> {
  writeFileSync(join(folder, 'src/program.ts'), program)
  await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: folder })
}

describe('a client of @hey-api/openapi-ts', () => {
  before(async () => {
    mkdirSync(join(folder, 'src'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(SETTINGS))
    await run(GENERATOR, ['-i', `${address}/openapi.json`, '-o', 'src/berth'], { cwd: folder })
  })

  it('compiles, reserves, reads, extends and releases', async () => {
    await compile(PROGRAM)
    const { stdout } = await run(process.execPath, ['dist/program.js', address], { cwd: folder })
    const { refused, ...rest } = JSON.parse(stdout)
    assert.deepEqual(rest, { password: 20, same: true, later: true, clamped: null, outcome: 'released' })
    assert.deepEqual([refused.status, refused.code], [422, 'invalid_request'])
  })

  it('works as docs/api.md shows', async () => {
    const page = readPage('docs/api.md')
    const { version } = JSON.parse(readFileSync(GENERATOR_PACKAGE, 'utf8')) as { version: string }
    assert.ok(page.includes(`\nnpm install --save-dev typescript@5 @hey-api/openapi-ts@${version}\n`))
    assert.ok(page.includes('\nnpx openapi-ts -i "$BERTH_URL/openapi.json" -o src/berth\n'))
    await compile(codeBlocks(page, 'ts')[0]?.code ?? assert.fail('no program'))
    const env = { ...process.env, BERTH_URL: address, BERTH_TOKEN: 'berth_x_y' }
    const latest = await api.world.store.latestEvent()
    await run(process.execPath, ['dist/program.js'], { cwd: folder, env })
    const kinds = (await api.world.store.events({ after: latest, limit: 100, latest: false })).map(({ kind }) => kind)
    assert.ok(kinds.includes('reservation.active') && kinds.includes('reservation.ended'), kinds.join())
  })

  it('knows the fields and the values', async () => {
    const wrong = PROGRAM.replace('reserved.password', 'reserved.passwords').replace("extend: '30m'", 'extend: 30')
    await assert.rejects(compile(wrong), (error: Error & { stdout: string }) => {
      assert.match(error.stdout, /'passwords' does not exist on type 'CreatedReservation'/)
      assert.match(error.stdout, /Type 'number' is not assignable to type 'string'/)
      return true
    })
  })

  it('has a function for each operation, and types with short names', async () => {
    const { paths } = JSON.parse((await api.get('/openapi.json')).text) as Document
    const operations = Object.values(paths).flatMap((each) => Object.values(each).map(({ operationId }) => operationId))
    const functions = readFileSync(join(folder, 'src/berth/sdk.gen.ts'), 'utf8').matchAll(/^export const (\w+)/gm)
    assert.deepEqual(new Set([...functions].map(([, name]) => name)), new Set(operations))
    const types = readFileSync(join(folder, 'src/berth/types.gen.ts'), 'utf8').matchAll(/^export type (\w+)/gm)
    const names = [...types].map(([, name = '']) => name)
    for (const name of ['Reservation', 'ReservedContainer', 'Pool', 'Problem', 'EventKind'])
      assert.ok(names.includes(name), name)
    assert.deepEqual(
      names.filter((name) => /\d/.test(name)),
      [],
      'a name with a number, as of a path or a status',
    )
  })
})
