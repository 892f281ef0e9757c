import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { dumpSchema } from './dump-schema.ts'

it('src/store/schema.sql is the schema that the migrations make', async () => {
  const committed = readFileSync(new URL('../../src/store/schema.sql', import.meta.url), 'utf8')
  const made = await dumpSchema()
  assert.match(made, /CREATE TABLE "containers"/)
  const how = 'when the change is meant: node test/store/dump-schema.ts > src/store/schema.sql'
  assert.ok(made === committed, `src/store/schema.sql is not what the migrations make; ${how}`)
})
