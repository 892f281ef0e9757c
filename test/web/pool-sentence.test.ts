import { deepEqual } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type PoolFacts, poolSentence, type Tone } from '../../web/src/words/pool-sentence.ts'

const UTC = { timeZone: 'UTC', locale: 'en-GB' }
const NOW = Date.parse('2026-11-29T14:27:00Z')
const ago = (seconds: number) => new Date(NOW - seconds * 1_000).toISOString()
const inSeconds = (seconds: number) => ago(-seconds)

const NO_CONTAINERS = { ready: 0, reserved: 0, creating: 0, removing: 0, broken: 0, quarantined: 0 }

/** A pool of 20 with these containers. */
function pool(containers: Record<string, number>, more: Partial<PoolFacts> = {}): PoolFacts {
  return {
    size: 20,
    configured_size: 20,
    containers: { ...NO_CONTAINERS, ...containers },
    waiting: 0,
    waiting_since: null,
    next_free_at: null,
    recycling_since: null,
    problem: null,
    ...more,
  }
}

const ONE = { size: 1, configured_size: 1 }
const CASES: readonly [what: string, facts: PoolFacts, text: string, tone: Tone][] = [
  ['all free', pool({ ready: 20 }), 'All 20 are free.', 'calm'],
  ['the only one free', pool({ ready: 1 }, ONE), '1 of 1 free.', 'calm'],
  ['some reserved', pool({ ready: 19, reserved: 1 }), '19 of 20 free. 1 reserved.', 'calm'],
  [
    'exhausted, with a queue',
    pool(
      { reserved: 17, removing: 2, creating: 1 },
      { waiting: 5, waiting_since: ago(120), recycling_since: ago(4), next_free_at: inSeconds(240) },
    ),
    '0 of 20 free. 17 reserved, 3 being recycled (oldest 4 s). 5 waiting, longest 2 min. Next free 14:31 (in 4 min).',
    'soon',
  ],
  [
    'one waits',
    pool({ reserved: 20 }, { waiting: 1, waiting_since: ago(61), next_free_at: inSeconds(59) }),
    '0 of 20 free. 20 reserved. 1 waiting for 1 min 01 s. Next free 14:27 (in 59 s).',
    'soon',
  ],
  [
    'one waits for more than are free',
    pool({ ready: 3, reserved: 17 }, { waiting: 1, waiting_since: ago(5), next_free_at: inSeconds(600) }),
    '3 of 20 free. 17 reserved. 1 waiting for 5 s. Next free 14:37 (in 10 min).',
    'soon',
  ],
  [
    'an end that is due',
    pool({ reserved: 20 }, { next_free_at: ago(1) }),
    '0 of 20 free. 20 reserved. Next free in a moment.',
    'soon',
  ],
  [
    'the next end is not said while some are free',
    pool({ ready: 2, reserved: 18 }, { next_free_at: inSeconds(60) }),
    '2 of 20 free. 18 reserved.',
    'calm',
  ],
  [
    'being created for the first time',
    pool({ creating: 20 }, { recycling_since: ago(3) }),
    '0 of 20 free. 20 being recycled (oldest 3 s).',
    'soon',
  ],
  ['a broken one', pool({ ready: 19, broken: 1 }), '19 of 20 free. 1 broken.', 'needs-person'],
  ['quarantined ones', pool({ ready: 18, quarantined: 2 }), '18 of 20 free. 2 quarantined.', 'calm'],
  [
    'a problem of the whole pool',
    pool({ broken: 20 }, { problem: 'the image berth/box is missing' }),
    'No container can be lent: the image berth/box is missing. 0 of 20 free. 20 broken.',
    'needs-person',
  ],
  ['resized', pool({ ready: 12 }, { size: 12 }), 'All 12 are free. Resized to 12, 20 in berth.yml.', 'calm'],
  ['of size 0', pool({}, { size: 0 }), 'The size is 0: nothing to lend. Resized to 0, 20 in berth.yml.', 'calm'],
  [
    'shrunk below what is ready',
    pool({ ready: 3 }, { size: 2 }),
    'All 2 are free. Resized to 2, 20 in berth.yml.',
    'calm',
  ],
]

describe('the sentence of a pool', () => {
  for (const [what, facts, text, tone] of CASES) {
    it(`says: ${what}`, () => deepEqual(poolSentence(facts, NOW, UTC), { text, tone }))
  }

  it('writes times in the zone of the viewer', () => {
    const facts = pool({ reserved: 20 }, { next_free_at: inSeconds(240) })
    const { text } = poolSentence(facts, NOW, { timeZone: 'Europe/Zurich', locale: 'en-GB' })
    deepEqual(text, '0 of 20 free. 20 reserved. Next free 15:31 (in 4 min).')
  })
})
