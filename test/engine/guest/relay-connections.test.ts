/** Limits on what is read from a container, and when a connection is made again. */
import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { GuestHost } from '../../../src/engine/guest/guest-host.ts'
import { RelayConnections } from '../../../src/engine/guest/relay-connections.ts'
import { ManualTimers } from '../../support/engine/manual-timers.ts'

/** The stdout of a container, as the manager is attached to it. */
class Attached extends Duplex {
  written = ''

  say(text: string): void {
    this.push(text)
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.written += chunk.toString()
    done()
  }
}

const idOf = (n: number) => n.toString(16).padStart(64, '0')

function openLab(count: number) {
  const attached: Attached[] = []
  const lab = { attached, asked: [] as string[], timers: new ManualTimers(), heard: [] as string[], refuses: false }
  const host: GuestHost = {
    nameOf: (id) => id,
    run: (_what, _deadlineMs, request) => request(new AbortController().signal),
    attach: async (id) => {
      lab.asked.push(id)
      if (lab.refuses) throw new Error('container is not running')
      const stream = new Attached()
      attached.push(stream)
      return stream
    },
    isRunning: async () => true,
    agentVersion: async () => '4',
  }
  const relays = new RelayConnections(host, { connectMs: 1_000, timers: lab.timers })
  const ids = Array.from({ length: count }, (_, n) => idOf(n))
  relays.update(new Map(ids.map((id) => [id, '4'])))
  const listen = async (to = ids) => {
    relays.listen(to, (id, line) => void lab.heard.push(`${Number.parseInt(id, 16)} ${line}`))
    for (let n = 0; n < 100; n += 1) await turn()
  }
  return { lab, relays, listen, ids }
}

describe('the connections to relays', () => {
  it('bring lines, and nothing is ever written to them', async () => {
    const { lab, listen } = openLab(2)
    await listen()
    lab.attached[1]?.say('one\ntwo\n')
    await turn()
    assert.deepEqual(lab.heard, ['1 one', '1 two'])
    assert.deepEqual(
      lab.attached.map(({ written }) => written),
      ['', ''],
    )
    await listen([])
    assert.ok(lab.attached.every(({ destroyed }) => destroyed))
  })

  it('are closed when a container writes too much, and made again after a pause that doubles', async () => {
    const { lab, listen } = openLab(1)
    const pauses: number[] = []
    await listen()
    while (pauses.length < 10) {
      const { length } = lab.attached
      lab.attached.at(-1)?.say('x'.repeat(65 * 1024))
      await turn()
      assert.ok(lab.attached.at(-1)?.destroyed)
      const since = lab.timers.now()
      while (lab.attached.length === length) {
        await lab.timers.pass(1_000)
        await listen()
      }
      pauses.push((lab.timers.now() - since) / 1_000)
    }
    assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300])
  })

  it('stay open while a container writes little', async () => {
    const { lab, listen } = openLab(1)
    await listen()
    for (let n = 0; n < 1_000; n += 1) {
      await lab.timers.pass(1_000)
      lab.attached[0]?.say('x'.repeat(4_000))
      await turn()
    }
    assert.equal(lab.attached[0]?.destroyed, false)
    lab.attached[0]?.say('\nstill here\n')
    await turn()
    assert.deepEqual(lab.heard, ['0 still here'])
  })

  it('are opened at most 64 at a time, and again after a pause where Docker refused', async () => {
    const { lab, listen } = openLab(100)
    lab.refuses = true
    await listen()
    assert.equal(lab.asked.length, 64)
    await listen()
    assert.equal(lab.asked.length, 100, 'refused ones wait')
    lab.refuses = false
    await lab.timers.pass(1_000)
    await listen()
    await listen()
    assert.equal(lab.attached.length, 100)
  })

  it('are not made to containers without a relay', async () => {
    const { lab, relays, listen } = openLab(1)
    await listen([idOf(7)])
    assert.deepEqual(lab.asked, [])
    assert.equal(await relays.hasRelay(idOf(0)), true)
  })
})
