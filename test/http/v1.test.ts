import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pool } from '../support/rows.ts'
import { NOW } from '../support/rows.ts'
import { openApi } from '../support/api.ts'

describe('GET /v1/pools', () => {
  it('shows each pool, what really runs in it, and how many containers are in each state', async () => {
    const pools = [pool({ name: 'z', size: 2 }), pool({ name: 'a', size: 1, ports: [3000], cpus: 0.5, sudo: false })]
    const api = await openApi({ pools })
    await api.get('/reserve?username=alice')
    const common = { image: 'image', os: 'Memory 1', memory_bytes: 2 ** 29 }
    assert.deepEqual(JSON.parse((await api.get('/v1/pools')).text), {
      pools: [
        { name: 'z', size: 2, ...common, cpus: 1, pids: 256, sudo: true, containers: { ready: 1, reserved: 1 } },
        { name: 'a', size: 1, ...common, cpus: 0.5, pids: 256, sudo: false, containers: { ready: 1 } },
      ],
    })
  })
})

describe('GET /v1/containers', () => {
  it('shows each container in natural order, and why one is not well', async () => {
    const api = await openApi({ pools: [pool({ name: 'alpine', size: 11 })] })
    const third = await api.world.store.container('alpine-3')
    assert.ok(
      third && (await api.world.store.updateContainer(third, { state: 'broken', attempts: 2, error: 'why' }, NOW)),
    )
    const { containers } = JSON.parse((await api.get('/v1/containers')).text)
    assert.deepEqual(
      containers.map((c: { name: string }) => c.name),
      Array.from({ length: 11 }, (_, index) => `alpine-${index + 1}`),
    )
    assert.deepEqual(containers[2], {
      name: 'alpine-3',
      pool: 'alpine',
      state: 'broken',
      since: '2027-01-15T08:00:00.000Z',
      generation: 1,
      host: 'localhost',
      port: 2223,
      host_key: third.hostKey,
      attempts: 2,
      error: 'why',
    })
  })
})
