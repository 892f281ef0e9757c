import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DatabaseClock } from '../../../src/reconcile/managers/database-clock.ts'
import { NOW } from '../../../lab/rows.ts'

/** Three clocks, and a database that answers after `roundTrip` milliseconds. */
class Clocks {
  database = NOW
  machine = NOW + 30_000
  monotonic = 5_000
  roundTrip = 0
  readonly logged: string[] = []
  readonly clock = new DatabaseClock({
    machine: () => this.machine,
    monotonic: () => this.monotonic,
    log: { debug() {}, info() {}, error() {}, warn: (message) => void this.logged.push(message) },
    read: async () => {
      this.advance(this.roundTrip / 2)
      const time = this.database
      this.advance(this.roundTrip / 2)
      return time
    },
  })

  advance(ms: number): void {
    this.database += ms
    this.machine += ms
    this.monotonic += ms
  }
}

describe('the database’s clock', () => {
  it('is followed from a machine whose clock is 30 seconds ahead', async () => {
    const clocks = new Clocks()
    clocks.roundTrip = 40
    await clocks.clock.measure()
    assert.equal(clocks.clock.now(), clocks.database)
    assert.equal(clocks.clock.offset(), 30_000)
    clocks.advance(60_000)
    assert.equal(clocks.clock.now(), clocks.database)
  })

  it('goes on when the clock of the machine is set, but the manager must not lead until it has measured', async () => {
    const clocks = new Clocks()
    await clocks.clock.measure()
    assert.equal(clocks.clock.epoch(), 0)
    clocks.machine -= 3_600_000
    assert.equal(clocks.clock.now(), clocks.database)
    assert.equal(clocks.clock.epoch(), null)
    await clocks.clock.step()
    assert.equal(clocks.clock.epoch(), 1)
    assert.equal(clocks.clock.now(), clocks.database)
    assert.deepEqual(clocks.logged, ['a clock has jumped, or the machine was suspended'])
  })

  it('is measured again after the machine was suspended', async () => {
    const clocks = new Clocks()
    await clocks.clock.measure()
    clocks.database += 20_000
    clocks.machine += 20_000
    assert.equal(clocks.clock.epoch(), null)
    await clocks.clock.step()
    assert.deepEqual([clocks.clock.epoch(), clocks.clock.now()], [1, clocks.database])
  })

  it('is followed when it is set itself', async () => {
    const clocks = new Clocks()
    await clocks.clock.measure()
    clocks.database += 10_000
    clocks.advance(5_000)
    await clocks.clock.step()
    assert.deepEqual([clocks.clock.epoch(), clocks.clock.now()], [1, clocks.database])
  })

  it('is measured each five seconds, and drift is corrected without a jump', async () => {
    const clocks = new Clocks()
    await clocks.clock.measure()
    clocks.database += 50
    clocks.advance(4_999)
    await clocks.clock.step()
    assert.equal(clocks.clock.now(), clocks.database - 50)
    clocks.advance(1)
    await clocks.clock.step()
    assert.deepEqual([clocks.clock.epoch(), clocks.clock.now()], [0, clocks.database])
    assert.deepEqual(clocks.logged, [])
  })

  it('is not moved by a measurement that is less certain than what is known', async () => {
    const clocks = new Clocks()
    await clocks.clock.measure()
    clocks.roundTrip = 400
    clocks.database += 150
    clocks.advance(5_000)
    await clocks.clock.step()
    assert.equal(clocks.clock.now(), clocks.database - 150)
  })

  it('is that of the machine on a file', async () => {
    const machine = () => NOW
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    const clock = new DatabaseClock({ machine, monotonic: () => 1, read: async () => null, log })
    await clock.measure()
    assert.deepEqual([clock.now(), clock.offset(), clock.epoch(), clock.isShared], [NOW, 0, 0, false])
    assert.equal(await clock.step(), Number.POSITIVE_INFINITY)
  })
})
