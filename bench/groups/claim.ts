/** Claiming a container in the database, with few and with many. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Store } from '../../src/ports/store.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { claimOf } from '../../lab/claims.ts'
import { NOW } from '../../lab/rows.ts'
import type { Group } from '../session.ts'
import { fillDatabase } from '../servers/many-rows.ts'
import { inTurn, median, series, startAfresh, timed } from '../measuring.ts'

const FEW = 100
const MANY = 100_000
const ROUNDS = 300
const WARM_UP = 20

export const claim: Group = {
  name: 'claim',
  about: `The transaction that takes the lowest ready container of a pool, half of which is reserved, in a SQLite file; given back after
each. The limit of one is the least that can be written durably: a row, in a transaction of its own, with the same settings.`,
  async *measure() {
    const folder = mkdtempSync(join(tmpdir(), 'berth-bench-'))
    try {
      const [few, many] = [await prepared(join(folder, 'few.db'), FEW), await prepared(join(folder, 'many.db'), MANY)]
      using disk = openCommits(join(folder, 'commits.db'))
      const took = series('few', 'many', 'commit')
      await inTurn(ROUNDS + WARM_UP, async (round) => {
        const [ofFew, ofMany] = [await claimOnce(few, round), await claimOnce(many, round)]
        const commit = await timed(async () => disk.commit())
        if (round === WARM_UP) startAfresh(took)
        took.few.push(ofFew)
        took.many.push(ofMany)
        took.commit.push(commit)
      })
      await few.close()
      await many.close()
      const how = `median of ${ROUNDS}`
      const small = { value: median(took.few), unit: 'ms' } as const
      yield {
        what: `one claim, ${FEW} containers`,
        ...small,
        how,
        limit: { what: 'one durable commit', value: median(took.commit), unit: 'ms' },
      }
      yield {
        what: `one claim, ${MANY.toLocaleString('en')} containers`,
        value: median(took.many),
        unit: 'ms',
        how,
        limit: { what: `with ${FEW} containers`, ...small },
        target: { of: 'limit', is: 'at most', than: 2 },
      }
      yield { what: 'durable commits, one after another', value: 1_000 / median(took.commit), unit: '/s', how }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

async function prepared(file: string, count: number): Promise<Store> {
  await fillDatabase(file, count, count / 2)
  return openSqlite(file)
}

/** Milliseconds; the container is ready again afterwards. */
async function claimOnce(store: Store, round: number): Promise<number> {
  const id = `claim${round}`
  const ms = await timed(async () => {
    const { kind } = await store.claim(claimOf({ id }), NOW)
    if (kind !== 'claimed') throw new Error(`not held but ${kind}`)
  })
  const [held] = await store.end([id], { outcome: 'released' }, NOW)
  await store.finish(id, NOW)
  for (const row of held?.containers ?? []) await store.updateContainer(row, { state: 'ready' }, NOW)
  return ms
}

function openCommits(file: string): Disposable & { commit(): void } {
  const database = new DatabaseSync(file)
  database.exec('pragma journal_mode = wal; pragma synchronous = full; create table t (at integer)')
  const insert = database.prepare('insert into t values (?)')
  return {
    commit: () => void insert.run(NOW),
    [Symbol.dispose]: () => database.close(),
  }
}
