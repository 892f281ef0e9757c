/** Managers that start at the same time on a database that does not exist yet. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { nextMessage, startForked } from '../../support/manager/forked.ts'
import type { OpenerOrder } from '../../support/manager/opener.ts'

const SCRIPT = fileURLToPath(new URL('../../support/manager/opener.ts', import.meta.url))
const PROCESSES = 4
/** Without the further attempts of `switchToWal`, a process failed with about half of the databases. */
const DATABASES = 30
/** Delay until all processes open the file, so that each has received its order. */
const START_DELAY_MS = 10

const folder = mkdtempSync(join(tmpdir(), 'berth-first-open-'))
after(() => rmSync(folder, { recursive: true }))

it('a new database is opened by several processes at once', async () => {
  const openers = Array.from({ length: PROCESSES }, () => startForked(SCRIPT))
  await Promise.all(openers.map(nextMessage))
  for (let nth = 1; nth <= DATABASES; nth += 1) {
    const order: OpenerOrder = { file: join(folder, `${nth}.db`), at: Date.now() + START_DELAY_MS }
    const errors = openers.map(nextMessage)
    for (const opener of openers) opener.send(order)
    assert.deepEqual(await Promise.all(errors), Array(PROCESSES).fill(''), `database ${nth}`)
  }
})
