import { after } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { openMemory } from '../../src/engine/memory/engine.ts'
import { MemoryHost } from '../../src/engine/memory/host.ts'
import { runOnHost } from '../support/run-on-host.ts'
import { engineContract } from './engine.ts'

const host = new MemoryHost({ now: systemClock, images: ['an-image'] })
const engine = openMemory({ instance: 'a', host, exec: runOnHost })
const neighbour = { instance: 'b', pool: 'other', engine: openMemory({ instance: 'b', host }) }

engineContract('memory', {
  instance: 'a',
  pool: 'pool',
  image: 'an-image',
  ports: [1, 2, 3, 4],
  engine,
  neighbour,
  pause: async (id) => host.disturb(id, 'paused'),
  unplug: async (id) => host.disturb(id, 'unplugged'),
  crash: async (id) => host.disturb(id, 'exited'),
  occupy: async (port) => {
    host.occupy(port)
    return async () => host.vacate(port)
  },
})

after(async () => {
  await engine.close()
  await neighbour.engine.close()
})
