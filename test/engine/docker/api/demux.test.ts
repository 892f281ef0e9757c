import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Demultiplexer } from '../../../../src/engine/docker/api/demux.ts'

function frame(output: 1 | 2, text: string): Buffer {
  const body = Buffer.from(text)
  const header = Buffer.from([output, 0, 0, 0, 0, 0, 0, 0])
  header.writeUInt32BE(body.length, 4)
  return Buffer.concat([header, body])
}

const stream = Buffer.concat([frame(1, 'grüß'), frame(2, 'err'), frame(1, ''), frame(1, ' dich'), frame(2, 'or')])

it('separates the outputs, however the bytes are cut', () => {
  for (let size = 1; size <= stream.length; size++) {
    const demux = new Demultiplexer(1024)
    for (let at = 0; at < stream.length; at += size) demux.write(stream.subarray(at, at + size))
    assert.deepEqual(demux.outputs(), { stdout: 'grüß dich', stderr: 'error' })
  }
})

it('keeps at most the limit of each output', () => {
  const demux = new Demultiplexer(4)
  demux.write(Buffer.concat([frame(1, 'abcdef'), frame(2, 'xy'), frame(1, 'g'), frame(2, 'zzz')]))
  assert.deepEqual(demux.outputs(), { stdout: 'abcd', stderr: 'xyzz' })
})
