import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatBlock } from '../../../../src/domain/text/ipv4-block.ts'
import { freeBlocks } from '../../../../src/engine/docker/peers/blocks.ts'
import { peerBridgePrefix, peerNetworkOptions } from '../../../../src/engine/docker/peers/spec.ts'
import { bridgeName } from '../../../../src/engine/docker/network/spec.ts'
import { mark } from '../../../../lab/database-mark.ts'
import { REACHES } from '../../../../src/domain/container.ts'
import { block } from '../../../support/text/ipv4-block.ts'

function free(range: string, members: number, taken: readonly string[]): string[] {
  return [...freeBlocks(block(range), members, taken.map(block))].map(formatBlock)
}

describe('free blocks for the peers of a reservation', () => {
  it('come in order, without those that overlap with another network', () => {
    assert.deepEqual(free('10.0.0.0/26', 2, ['10.0.0.16/28', '10.0.0.48/30', '192.168.0.0/16']), [
      '10.0.0.0/28',
      '10.0.0.32/28',
    ])
    assert.deepEqual(free('10.0.0.0/26', 2, ['10.0.0.0/8']), [])
  })

  it('have room for every member, beside three addresses', () => {
    for (const [members, prefix] of [
      [2, 28],
      [13, 28],
      [14, 27],
      [253, 24],
      [254, 23],
    ] as const)
      assert.equal(free('10.0.0.0/16', members, [])[0], `10.0.0.0/${prefix}`, `${members} members`)
  })

  it('do not exist in a range that is too small', () => {
    assert.deepEqual(free('10.0.0.0/28', 14, []), [])
  })
})

describe('the bridge of a peer network', () => {
  const nameIn = (text: string) =>
    peerNetworkOptions('berth', 'r', block(text), mark()).Options['com.docker.network.bridge.name']

  it('has a name that the firewall matches, that Linux allows, and that no other one has', () => {
    const names = ['10.213.0.0/28', '10.213.0.16/28', '10.213.255.240/28', '10.0.0.0/28'].map(nameIn)
    assert.equal(new Set(names).size, names.length)
    for (const name of names) {
      assert.ok(name.startsWith(peerBridgePrefix('berth')), name)
      assert.ok(name.length <= 15, name)
    }
  })

  it('is matched by the rules of no other network', () => {
    for (const reach of REACHES) assert.ok(!bridgeName('berth', reach).startsWith(peerBridgePrefix('berth')))
  })
})
