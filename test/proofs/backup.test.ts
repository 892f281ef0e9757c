/** A manager that starts with a copy of the database from any moment. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import fc from 'fast-check'
import { backupSqlite } from '../../src/store/sqlite/backup.ts'
import { effort, tried } from '../../lab/proof.ts'
import { goOnWithCopy, history } from '../support/world/restored.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-backup-'))
after(() => rmSync(folder, { recursive: true }))

it('A manager that starts from any backup reconciles with the engine: reservations in the backup keep their containers, containers lent later are left alone', async (t) => {
  const runs = effort({ test: 40, prove: 500 })
  let nth = 0
  let different = 0
  let kept = 0
  let left = 0
  await fc.assert(
    fc.asyncProperty(history, history, async (before, later) => {
      nth += 1
      const files = { original: join(folder, `${nth}.db`), copy: join(folder, `${nth}.copy.db`) }
      const open = async (which: keyof typeof files) => ({ database: files[which] })
      const found = await goOnWithCopy({ before, later }, open, () => backupSqlite(files.original, files.copy))
      if (found.isOutdated) different += 1
      left += found.left
      kept += found.kept
    }),
    { numRuns: runs },
  )
  // Otherwise nothing had happened between the copy and the end, and nothing was shown.
  assert.ok(different > runs / 4, `only ${different} of ${runs} copies were out of date`)
  assert.ok(kept > 0 && left > 0, `${kept} kept, ${left} left alone`)
  tried(t, runs, 'random histories')
  tried(t, left, 'logins from after the backup, left alone')
})
