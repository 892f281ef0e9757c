import assert from 'node:assert/strict'
import { afterEach, beforeEach, it, mock } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { hashAhead } from '../../src/accounts/hashes-ahead.ts'

const LONG_QUIET = 10_000
/** Changes as pools do. */
let most = 100
let busy = false
const USUAL = { password: 'test', most: () => most, isBusy: () => busy }

let asked: string[]
let away: boolean

/** Counted, so that each can be told from the others. */
async function hashPassword(password: string, random = false): Promise<string> {
  if (away) throw new Error('no thread')
  return `${password} ${asked.push(`${password} ${random}`)}`
}

/** All that is made by itself in so much time. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    mock.timers.tick(10)
    await nextTurn()
  }
}

beforeEach(() => {
  asked = []
  away = false
  most = 100
  busy = false
  mock.timers.enable({ apis: ['setTimeout'] })
})
afterEach(() => mock.timers.reset())

it('gives each of the hashes that were made ahead once, and makes others again when it is quiet', async () => {
  const hash = hashAhead(hashPassword, USUAL)
  await pass(LONG_QUIET)
  const made = asked.length
  assert.equal(made, most)
  const got = await Promise.all(Array.from({ length: made }, () => hash('test')))
  assert.equal(asked.length, made, 'nobody waited for one')
  assert.equal(new Set(got).size, made)
  assert.equal(await hash('test'), `test ${made + 1}`, 'when there is none left, one is made')
  await pass(LONG_QUIET)
  assert.equal(asked.length, 2 * made + 1)
})

it('makes as many as there are containers by now', async () => {
  const hash = hashAhead(hashPassword, USUAL)
  await pass(LONG_QUIET)
  most = 120
  await hash('test')
  await pass(LONG_QUIET)
  assert.equal(asked.length, 121)
})

it('makes none ahead while somebody wants one', async () => {
  const hash = hashAhead(hashPassword, USUAL)
  for (let round = 0; round < 20; round += 1) {
    await pass(200)
    await hash('of their own')
  }
  assert.deepEqual(new Set(asked), new Set(['of their own false']))
})

it('makes them slowly while there is more urgent work', async () => {
  hashAhead(hashPassword, USUAL)
  busy = true
  await pass(LONG_QUIET)
  assert.equal(asked.length, 33)
  busy = false
  await pass(LONG_QUIET)
  assert.equal(asked.length, most)
})

it('has the others made as before', async () => {
  const hash = hashAhead(hashPassword, USUAL)
  await pass(LONG_QUIET)
  asked = []
  await hash('of their own')
  await hash('test', true)
  await hash('by chance', true)
  assert.deepEqual(asked, ['of their own false', 'test true', 'by chance true'])
})

it('tells whoever asks why none can be made, and goes on when one can', async () => {
  const hash = hashAhead(hashPassword, USUAL)
  away = true
  await pass(LONG_QUIET)
  await assert.rejects(hash('test'), /no thread/)
  away = false
  await pass(LONG_QUIET)
  const made = asked.length
  assert.ok(made > 0)
  await hash('test')
  assert.equal(asked.length, made)
})
