import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LineReader } from '../../../src/engine/guest/line-reader.ts'

describe('the lines of a container', () => {
  it('are read from chunks of any size', () => {
    const whole = Buffer.from('one\ntwo\nthree\n')
    for (let size = 1; size <= whole.length; size += 1) {
      const reader = new LineReader()
      const lines: string[] = []
      for (let at = 0; at < whole.length; at += size) lines.push(...reader.read(whole.subarray(at, at + size)))
      assert.deepEqual(lines, ['one', 'two', 'three'], `${size}`)
    }
  })

  it('have at most 64 characters; a longer one is dropped, however it arrives, and the next one is read', () => {
    const reader = new LineReader()
    const read = (text: string) => reader.read(Buffer.from(text))
    assert.deepEqual(read(`${'x'.repeat(64)}\n${'y'.repeat(65)}\nz\n`), ['x'.repeat(64), 'z'])
    for (let n = 0; n < 10; n += 1) assert.deepEqual(read('x'.repeat(10_000)), [])
    assert.deepEqual(read('release\nnext\n'), ['next'])
  })
})
