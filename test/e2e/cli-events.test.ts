/** `berth events` and `berth usage` against a real manager, also over its crash. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Event, Reserved } from '../../src/client/client.ts'
import { testBerth } from '../support/manager/berth.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'

const manager = await testManager('clievents', { size: 2 })
const berth = testBerth({ BERTH_URL: manager.url })
let reserved: Reserved

before(async () => {
  await manager.start()
  await manager.untilReady()
  reserved = await berth.json<Reserved>('reserve', '--user', 'alice', '--note', 'logged')
})

async function events(...options: string[]): Promise<Event[]> {
  const { code, stdout, stderr } = await berth.run('events', '--json', ...options)
  assert.equal(code, 0, stderr)
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Event)
}

describe('berth events', () => {
  it('shows the latest, for people and for programs', async () => {
    const all = await events('--limit', '1000')
    const [last] = await events('--limit', '1')
    assert.deepEqual(last, all.at(-1))
    const ids = all.map(({ id }) => id)
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    )
    const theirs = await events('--reservation', reserved.id.slice(0, 8))
    assert.deepEqual(
      theirs.map(({ kind }) => kind),
      ['reservation.preparing', 'container.reserved', 'reservation.active'],
    )
    const people = await berth.run('events', '--kind', 'reservation.active')
    assert.match(
      people.stdout,
      new RegExp(`^\\d\\d:\\d\\d:\\d\\d  reservation\\.active +${reserved.id.slice(0, 8)}  alice`),
    )
    assert.deepEqual(await events('--after', String(last?.id)), [])
    const wrong = await berth.run('events', '--kind', 'nonsense')
    assert.equal(wrong.code, 2)
  })

  it('follows, also over a manager that was killed, without a gap or a repeat', async () => {
    const following = berth.start('events', '-f', '--limit', '1', '--json')
    const seen = () =>
      following
        .output()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Event)
    await eventually(async () => seen().length === 1)
    await berth.json('extend', '--by', '10m')
    await eventually(async () => seen().some(({ kind }) => kind === 'reservation.extended'))
    await manager.kill()
    await eventually(async () => following.output().includes('trying again'))
    await manager.start()
    await berth.run('release')
    await eventually(async () => seen().some(({ kind }) => kind === 'reservation.ended'))
    following.child.kill('SIGINT')
    assert.equal((await following.ended).code, 130)
    const ids = seen().map(({ id }) => id)
    const first = String((ids[0] ?? 0) - 1)
    const all = (await events('--after', first, '--limit', '1000')).map(({ id }) => id)
    assert.deepEqual(ids, all.slice(0, ids.length))
  })

  it('refuses a span of time that ends before it begins', async () => {
    const wrong = await berth.run('events', '--from', '2026-01-02', '--to', '2026-01-01')
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /--from must be before --to, got "2026-01-02" and "2026-01-01"/)
  })
})

describe('berth usage', () => {
  it('shows who had how much', async () => {
    const people = await berth.run('usage', '--by', 'username')
    assert.match(
      people.stdout,
      /^USERNAME +RESERVATIONS +CONTAINER HOURS +WAITED +IN THE QUEUE\nalice +1 +0\.0 +0 +0s\n$/,
    )
    const csv = await berth.run('usage', '--by', 'username', '--csv')
    assert.match(csv.stdout, /^username,reservations,container_minutes,waits,wait_seconds\r?\nalice,1,/)
    const { by, rows } = await berth.json<{ by: string; rows: { key: string }[] }>(
      'usage',
      '--by',
      'pool',
      '--from',
      '2026-01-01',
    )
    assert.deepEqual({ by, key: rows[0]?.key }, { by: 'pool', key: manager.pool })
    const wrong = await berth.run('usage', '--from', 'yesterday')
    assert.equal(wrong.code, 2)
  })
})
