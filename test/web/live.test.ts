import { deepEqual, equal, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LiveState } from '../../web/src/live/live-state.ts'
import { listsChangedBy, Refresher } from '../../web/src/live/refresher.ts'

describe('what the page knows of its connection', () => {
  it('uses the clock of the manager, even if that of the machine is wrong', () => {
    let local = 1_000_000
    const state = new LiveState(() => local)
    state.setClock(1_600_000)
    local += 5_000
    equal(state.now(), 1_605_000)
  })

  it('keeps the time of the first lost connection until it is live again', () => {
    let local = 0
    const state = new LiveState(() => local)
    state.setLive()
    local = 1_000
    state.setStale('502')
    local = 9_000
    state.setStale('refused')
    deepEqual(state.status, { kind: 'stale', since: 1_000, reason: 'refused' })
    state.setLive()
    deepEqual(state.status, { kind: 'live' })
  })
})

describe('lists that have changed', () => {
  it('follow from the kind of an event', () => {
    ok(listsChangedBy('reservation.active').includes('containers'))
    ok(listsChangedBy('container.ready').includes('pools'))
    deepEqual(listsChangedBy('token.created'), ['tokens', 'events'])
    deepEqual(listsChangedBy('something.new'), ['events'])
  })

  it('are read at once, and once more for all changes during the read', async () => {
    const reads: string[] = []
    const refresher = new Refresher(async (name) => reads.push(name))
    refresher.mark(['pools'])
    for (let change = 0; change < 1_000; change += 1) refresher.mark(['pools', 'containers'])
    deepEqual(reads, ['pools', 'containers'])
    await new Promise((resolve) => setTimeout(resolve, 700))
    deepEqual(reads.toSorted(), ['containers', 'containers', 'pools', 'pools'])
  })
})
