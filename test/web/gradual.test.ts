import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nextDrawn } from '../../web/src/slots/gradual.ts'
import type { Slot } from '../../web/src/slots/slots.ts'

const slot = (number: number, state: Slot['state']): Slot => ({
  name: `a-${number}`,
  number,
  state,
  holder: null,
  reservation: null,
  isOwn: false,
  endsAt: null,
  since: null,
  level: 0,
  error: null,
})

const all = (state: Slot['state']) => [1, 2, 3, 4, 5].map((number) => slot(number, state))
const states = (slots: readonly Slot[]) => slots.map(({ state }) => state)

describe('many changes', () => {
  it('are drawn a few at a time, until all are', () => {
    const wanted = all('reserved')
    const first = nextDrawn(all('ready'), wanted, 2)
    deepEqual(states(first), ['reserved', 'reserved', 'ready', 'ready', 'ready'])
    const second = nextDrawn(first, wanted, 2)
    deepEqual(states(second), ['reserved', 'reserved', 'reserved', 'reserved', 'ready'])
    equal(nextDrawn(second, wanted, 2), wanted)
  })

  it('are drawn at once for a different list of slots', () => {
    const wanted = all('ready').toReversed()
    equal(nextDrawn(all('reserved'), wanted, 2), wanted)
    const fewer = all('ready').slice(1)
    equal(nextDrawn(all('reserved'), fewer, 2), fewer)
  })
})
