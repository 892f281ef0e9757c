import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Docker } from '../../../../src/engine/docker/api/client.ts'
import { StdoutStream } from '../../../../src/engine/docker/api/stdout-stream.ts'

/** Docker's side of an attached connection. */
class Socket extends Duplex {
  written = ''

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.written += chunk.toString()
    done()
  }
}

/** Returns a frame as Docker sends it. */
function frame(text: string, output = 1): Buffer {
  const header = Buffer.alloc(8)
  header[0] = output
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}

async function attached() {
  const socket = new Socket()
  const docker = { upgrade: async () => socket } as Partial<Docker> as Docker
  const stream = await StdoutStream.attach(docker, 'id', new AbortController().signal)
  return { socket, stream }
}

describe('the stdout of a container', () => {
  it('is read from frames and chunks of any size, without the stderr', async () => {
    const whole = Buffer.concat([frame('on'), frame('err\n', 2), frame('e\ntwo\n'), frame(''), frame('three')])
    for (let size = 1; size <= whole.length; size += 1) {
      const { socket, stream } = await attached()
      let text = ''
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
      for (let at = 0; at < whole.length; at += size) socket.push(whole.subarray(at, at + size))
      socket.push(null)
      await once(stream, 'end')
      assert.equal(text, 'one\ntwo\nthree', `${size}`)
    }
  })

  it('waits in Docker while it is not read', async () => {
    const { socket, stream } = await attached()
    for (let n = 0; n < 100; n += 1) {
      socket.push(frame('x'.repeat(10_000)))
      await turn()
    }
    assert.ok(stream.readableLength < 100_000, `${stream.readableLength}`)
  })

  it('passes on what is written, and ends with the connection', async () => {
    const { socket, stream } = await attached()
    stream.write('in')
    await turn()
    assert.equal(socket.written, 'in')
    const closed = new Promise((resolve) => void stream.once('close', resolve))
    socket.destroy(new Error('reset'))
    await closed
  })
})
