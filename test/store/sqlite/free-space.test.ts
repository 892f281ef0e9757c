import assert from 'node:assert/strict'
import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { freeSpaceOf } from '../../../src/store/sqlite/free-space.ts'

it('freeSpaceOf returns the free space of the disk of a file, which need not exist yet', async () => {
  const { blocks, bsize } = statfsSync(tmpdir())
  const free = await freeSpaceOf(join(tmpdir(), 'no-such.db'))
  assert.ok(free > 0 && free <= blocks * bsize, String(free))
  await assert.rejects(freeSpaceOf(join(tmpdir(), 'no-such-folder', 'x.db')), { code: 'ENOENT' })
})
