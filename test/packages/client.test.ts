/** The client from its tarball: run by the machine's own Node, and checked by TypeScript, in ESM and in CommonJS. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { listening, openApi } from '../../lab/api.ts'
import { bareMachine, buildPackages } from '../support/packages/bare-machine.ts'
import { ROOT } from '../support/text/markdown.ts'

const machine = bareMachine()
const { cli, client } = buildPackages(machine.home)
const files = { 'berth-cli.tgz': cli, 'berth-client.tgz': client }
const { address } = await listening(await openApi({ access: () => ({ clientFiles: files }) }))
const esm = join(machine.home, 'esm')
const cjs = join(machine.home, 'cjs')

/** Part of a program that follows the import or the require: reserves, reads an event and catches refusals. */
const BODY = `
async function main(url) {
  const berth = openClient({ url })
  const reserved = await answerOf(berth.POST('/v1/reservations', { body: { username: 'alice' } }))
  const refusal = await answerOf(berth.GET('/v1/reservations/{id}', { params: { path: { id: 'x' } } })).catch((e) => e)
  for await (const { kind } of followEvents(berth, { after: 0, kind: 'reservation.active' })) {
    console.log(reserved.state, kind, refusal instanceof ApiError)
    break
  }
  const stranger = openClient({ url, fetch: async () => new Response('{}', { status: 401 }) })
  const failed = await followEvents(stranger, {}).next().catch((e) => e)
  console.log(failed instanceof ApiError, failed.code)
}
main(process.argv[2])
`
const EXPECTED = 'active reservation.active true\ntrue not_berth\n'

const TYPED = `
const berth = openClient({ url: 'http://localhost:8080', token: 'berth_x' })
export async function ids(): Promise<string[]> {
  const { reservations } = await answerOf(berth.GET('/v1/reservations', { params: { query: { state: 'active' } } }))
  for await (const event of followEvents(berth, { after: 1 })) if (event.reservation === null) break
  return reservations.map((reservation) => reservation.id)
}
`
const IMPORT = `import { answerOf, ApiError, openClient } from 'berth-client'
import { followEvents } from 'berth-client/events'
`
const REQUIRE = `const { answerOf, ApiError, openClient } = require('berth-client')
const { followEvents } = require('berth-client/events')
`
const TYPED_REQUIRE = `import { answerOf, openClient } from 'berth-client'
import events = require('berth-client/events')
const { followEvents } = events
`

before(async () => {
  for (const [folder, type] of [
    [esm, 'module'],
    [cjs, 'commonjs'],
  ] as const) {
    mkdirSync(folder)
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'project', type }))
    await machine.output('npm', 'install', '--prefix', folder, client)
  }
})

describe(`berth-client from its tarball, on Node ${machine.node}`, () => {
  it('is a package without dependencies', () => {
    const installed = readdirSync(join(esm, 'node_modules')).filter((name) => !name.startsWith('.'))
    assert.deepEqual(installed, ['berth-client'])
  })

  it('is installed from the address of a manager, like the command', async () => {
    for (const name of Object.keys(files)) {
      await machine.output('npm', 'install', '--global', '--offline=false', `${address}/client/${name}`)
    }
    assert.match(await machine.output('berth', '--url', address, 'pools'), /^alpine /m)
    const installed = readdirSync(join(machine.home, '.npm-global/lib/node_modules'))
    assert.deepEqual(installed, ['berth-cli', 'berth-client'])
  })

  it('can be imported', async () => {
    writeFileSync(join(esm, 'program.js'), IMPORT + BODY)
    assert.equal(await machine.output('node', join(esm, 'program.js'), address), EXPECTED)
  })

  it('can be required', async () => {
    writeFileSync(join(cjs, 'program.js'), REQUIRE + BODY)
    assert.equal(await machine.output('node', join(cjs, 'program.js'), address), EXPECTED)
  })

  it('uses nothing of Node, so that browsers can run it', () => {
    for (const file of ['client.js', 'events.js', 'client.cjs', 'events.cjs']) {
      const text = readFileSync(join(esm, 'node_modules/berth-client/dist', file), 'utf8')
      assert.doesNotMatch(text, /\bnode:|\bBuffer\b/, file)
      assert.doesNotMatch(text, /\bimport\("(?!\.)|from "(?!\.)|require\("(?!\.)/, file)
    }
  })
})

/** Type-checks a program in a project. Returns the errors of the compiler, or "". */
async function check(tsc: string, folder: string, program: string, options: readonly string[]): Promise<string> {
  writeFileSync(join(folder, 'typed.ts'), program)
  const all = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2023', ...options, 'typed.ts']
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, ...all], { cwd: folder }).catch(
    (error: Error & { stdout: string }) => error,
  )
  return stdout
}

const DOM = ['--lib', 'es2023,dom,dom.iterable']
const NODE = ['--lib', 'es2023', '--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types'), '--skipLibCheck']
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
const TSC_5 = join(ROOT, 'scripts/api-types/node_modules/typescript/bin/tsc')
const PROJECTS = [
  ['ESM, node16', TSC, esm, IMPORT, ['--module', 'node16', ...NODE]],
  ['ESM, nodenext', TSC, esm, IMPORT, ['--module', 'nodenext', ...NODE]],
  ['ESM, nodenext, TypeScript 5', TSC_5, esm, IMPORT, ['--module', 'nodenext', ...NODE]],
  ['ESM, bundler, for browsers', TSC, esm, IMPORT, ['--module', 'esnext', '--moduleResolution', 'bundler', ...DOM]],
  ['CommonJS, node16', TSC, cjs, TYPED_REQUIRE, ['--module', 'node16', ...NODE]],
  ['CommonJS, nodenext', TSC, cjs, TYPED_REQUIRE, ['--module', 'nodenext', ...NODE]],
  ['CommonJS, nodenext, TypeScript 5', TSC_5, cjs, TYPED_REQUIRE, ['--module', 'nodenext', ...NODE]],
  ['CommonJS, nodenext, with the types of browsers', TSC, cjs, TYPED_REQUIRE, ['--module', 'nodenext', ...DOM]],
] as const

describe('the types of berth-client', () => {
  for (const [name, tsc, folder, imports, options] of PROJECTS) {
    it(`are found and complete: ${name}`, async () => {
      assert.equal(await check(tsc, folder, imports + TYPED, options), '')
      const wrong = await check(tsc, folder, imports + TYPED.replace('reservation.id', 'reservation.nonsense'), options)
      assert.match(wrong, /'nonsense' does not exist on type/)
    })
  }
})
