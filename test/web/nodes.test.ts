/** Nodes of the engine in words. */
import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EngineNode } from '../../src/client/client.ts'
import {
  labelsText,
  needsAttention,
  otherStates,
  roomText,
  situation,
  stateText,
} from '../../web/src/pages/nodes/node-text.ts'

const NOW = Date.parse('2026-11-29T14:00:00Z')
const WORDS = { timeZone: 'UTC', locale: 'en' }
const node = (some: Partial<EngineNode> = {}): EngineNode => ({
  name: 'n1',
  reachable: true,
  unreachable_since: null,
  cordoned: false,
  labels: {},
  room: null,
  containers: { creating: 0, ready: 3, reserved: 1, removing: 0, broken: 0, quarantined: 0 },
  reservations: null,
  ...some,
})

describe('nodes in words', () => {
  const gone = node({ reachable: false, unreachable_since: '2026-11-29T13:58:00Z' })

  it('say their state', () => {
    const states = [node(), gone, node({ cordoned: true }), { ...gone, cordoned: true }]
    deepEqual(states.map(stateText), ['reachable', 'unreachable', 'reachable, cordoned', 'unreachable, cordoned'])
    deepEqual(states.map(needsAttention), [false, true, true, true])
  })

  it('say what that means for their containers', () => {
    const lost = 'After a minute, its containers are replaced on other nodes.'
    const cordoned = 'It is cordoned: no new containers are placed on it, and those on it stay until they end.'
    equal(situation(node(), NOW, WORDS), '')
    equal(situation(gone, NOW, WORDS), `The engine has not reached it since 13:58. ${lost}`)
    equal(situation(node({ reachable: false }), NOW, WORDS), `The engine has not reached it. ${lost}`)
    equal(situation(node({ cordoned: true }), NOW, WORDS), cordoned)
    equal(
      situation({ ...gone, cordoned: true }, NOW, WORDS),
      `The engine has not reached it since 13:58. ${lost} ${cordoned}`,
    )
  })

  it('say what is on them, and what there is room for', () => {
    equal(otherStates(node()), '')
    equal(otherStates(node({ containers: { ready: 1, creating: 2, broken: 1, reserved: 4 } })), '2 creating, 1 broken')
    equal(roomText(node()), '')
    const room = { cpus: 3.919_999, memory_bytes: 16_425_000_960, containers: 110 }
    equal(roomText(node({ room })), '3.92 CPU, 15.3 GiB, 110 pods')
    equal(
      labelsText(node({ labels: { disktype: 'ssd', 'node-role.kubernetes.io/worker': '' } })),
      'disktype=ssd, node-role.kubernetes.io/worker',
    )
  })
})
