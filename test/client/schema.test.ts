/**
 * The client's types are those of the committed document, which `test/http/docs/openapi.test.ts` holds against the
 * code.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const GENERATE = fileURLToPath(new URL('../../scripts/api-types/generate', import.meta.url))
const DOCUMENT = fileURLToPath(new URL('../../openapi.json', import.meta.url))
const TYPES = new URL('../../src/client/schema.d.ts', import.meta.url)

const folder = mkdtempSync(join(tmpdir(), 'berth-types-'))
after(() => rmSync(folder, { recursive: true }))

async function typesOf(document: string): Promise<string> {
  return (await promisify(execFile)(GENERATE, [document])).stdout
}

describe('the types of the client', () => {
  const committed = readFileSync(TYPES, 'utf8')

  it('are those of openapi.json', async () => {
    assert.ok((await typesOf(DOCUMENT)) === committed, 'after an intended change: just api')
  })

  it('differ when a field of the document is renamed', async () => {
    const document = readFileSync(DOCUMENT, 'utf8')
    const changed = join(folder, 'openapi.json')
    writeFileSync(changed, document.replaceAll('"keepalive_until"', '"alive_until"'))
    const types = await typesOf(changed)
    assert.ok(types.includes('alive_until: string | null') && types !== committed)
  })
})
