import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openApi } from '../../../lab/api.ts'

it('lists managers, the leader among them, and shows which have died', async () => {
  const { world, get } = await openApi()
  const now = world.now()
  const heartbeat = { version: '1.2.3', startedAt: now - 60_000, seenAt: now, until: now + 3_000, clockOffset: -250 }
  await world.store.registerManager(heartbeat)
  await world.store.acquireLeadership(await world.store.leaderTerm(), now)
  const list = async () => JSON.parse((await get('/v1/managers')).text).managers
  const [{ name, ...manager }] = await list()
  assert.match(name, /^[0-9a-f-]{36}$/)
  assert.deepEqual(manager, {
    address: 'world',
    version: '1.2.3',
    started_at: new Date(now - 60_000).toISOString(),
    last_seen: new Date(now).toISOString(),
    alive: true,
    leader: true,
    self: true,
    clock_offset_seconds: -0.25,
  })
  world.advance(3_001)
  assert.equal((await list())[0].alive, false)
})

it('shows in /metrics whether this manager leads', async () => {
  const { world, server } = await openApi()
  const figure = async () => /^berth_leader (\d)$/m.exec((await server.inject('/metrics')).payload)?.[1]
  assert.equal(await figure(), '1')
  await world.reconciler.releaseLeadership()
  assert.equal(await figure(), '0')
})
