import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KEPT_BYTES, OutputRing } from '../../../src/usecases/terminals/output-ring.ts'

/** A ring with these chunks, and all bytes of them. */
function filled(chunks: readonly Buffer[]) {
  const ring = new OutputRing()
  for (const chunk of chunks) ring.append(chunk)
  return { ring, all: Buffer.concat(chunks) }
}

describe('the ring of output', () => {
  it('keeps the latest 256 KiB, in chunks of any size', () => {
    for (const sizes of [
      [0],
      [1, 2, 3],
      [4_096],
      [4_097, 1],
      [KEPT_BYTES],
      [KEPT_BYTES + 1],
      [100_000, 3 * KEPT_BYTES, 7],
    ]) {
      let next = 0
      const chunks = sizes.map((size) => Buffer.from(Array.from({ length: size }, () => 0x20 + (next++ % 89))))
      const { ring, all } = filled(chunks)
      assert.equal(ring.end, all.length)
      assert.equal(ring.start, Math.max(0, all.length - KEPT_BYTES))
      assert.deepEqual(ring.read(ring.start, Number.POSITIVE_INFINITY), all.subarray(ring.start))
      const middle = Math.floor((ring.start + ring.end) / 2)
      assert.deepEqual(ring.read(middle, 10), all.subarray(middle, middle + 10))
      assert.equal(ring.safeStart(), ring.start)
    }
  })

  it('starts a replay after an escape sequence or a character whose start was dropped', () => {
    for (const [cut, rest] of [
      ['\x1b[38;5;1', '23mred'],
      ['\x1b]0;tit', 'le\x07red'],
      ['\u20ac', 'red'],
    ] as const) {
      // Of the euro sign, one byte is dropped.
      const dropped = cut === '\u20ac' ? 1 : cut.length
      const start = Buffer.from(cut + rest)
      const { ring } = filled([start, Buffer.alloc(KEPT_BYTES - (start.length - dropped), 'x')])
      assert.equal(ring.start, dropped)
      assert.equal(ring.read(ring.safeStart(), 4).toString(), 'redx')
    }
  })

  it('has nothing to replay within an escape sequence that has not ended', () => {
    const { ring } = filled([Buffer.from('\x1b]0;'), Buffer.alloc(KEPT_BYTES, 'x')])
    assert.equal(ring.safeStart(), ring.end)
  })
})
