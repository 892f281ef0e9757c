import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addressIn, formatBlock, overlaps, parseBlock, sizeOf } from '../../../src/domain/text/ipv4-block.ts'
import { block } from '../../support/text/ipv4-block.ts'

describe('a block of IPv4 addresses', () => {
  it('is read from an address and a prefix, and written as its first address', () => {
    for (const [text, written] of [
      ['10.213.0.0/16', '10.213.0.0/16'],
      ['172.20.0.5/16', '172.20.0.0/16'],
      ['255.255.255.255/32', '255.255.255.255/32'],
      ['1.2.3.4/0', '0.0.0.0/0'],
    ] as const)
      assert.equal(formatBlock(block(text)), written)
  })

  it('is not read from anything else', () => {
    for (const text of [
      '',
      '10.0.0.0',
      '10.0.0/8',
      '10.0.0.256/8',
      '10.0.0.0/33',
      'fd00::/8',
      '10.0.0.0/8 ',
      'a.b.c.d/8',
    ])
      assert.equal(parseBlock(text), null, text)
  })

  it('has addresses, counted from 0', () => {
    assert.equal(sizeOf(block('10.0.0.0/28')), 16)
    assert.equal(addressIn(block('10.0.255.240/28'), 15), '10.0.255.255')
    assert.equal(addressIn(block('10.0.0.0/16'), 256), '10.0.1.0')
  })

  it('overlaps with what it contains, and with what contains it', () => {
    const cases = [
      ['10.0.0.0/8', '10.213.0.0/16', true],
      ['10.213.0.0/28', '10.213.0.16/28', false],
      ['10.213.0.0/28', '10.213.0.8/29', true],
      ['0.0.0.0/0', '255.0.0.0/8', true],
    ] as const
    for (const [a, b, expected] of cases) {
      assert.equal(overlaps(block(a), block(b)), expected, `${a} ${b}`)
      assert.equal(overlaps(block(b), block(a)), expected, `${b} ${a}`)
    }
  })
})
