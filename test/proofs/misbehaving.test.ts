/** The end of a reservation whose tenants resist it. */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { followBlocked } from '../../lab/blocklist.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { MISBEHAVIOURS } from '../support/engine/misbehaviours.ts'
import { effort, tried } from '../../lab/proof.ts'
import { type Login, login, loginAndRun, type Session } from '../support/ssh.ts'

/** Milliseconds. */
const PROMISE = 1_000
/** They begin this long before the end: as late as possible, for the sake of other tests on the machine. */
const LEAD = 15_000
const SESSIONS = 30

const manager = await testManager('misbehaving', {
  size: MISBEHAVIOURS.length,
  pool: { memory: '128m', cpus: 0.3, pids: 200 },
})

before(async () => {
  await manager.start()
})

it('Access is revoked within a second of the end of a reservation, whatever its tenants are doing', async (t) => {
  const rounds = effort({ test: 1, prove: 2 })
  const latest = { out: 0, closed: 0 }
  for (let round = 0; round < rounds; round += 1) {
    await manager.untilReady()
    const held = await manager.reserve({ username: 'mallory', count: MISBEHAVIOURS.length, duration: 1 })
    const { body } = await manager.get<{ reservations: { expires_at: string }[] }>('/v1/reservations?state=active')
    const end = Date.parse(body.reservations[0]?.expires_at ?? '')
    const places = held.containers.map(({ container, port }) => ({
      container,
      credentials: { port, username: 'mallory', password: 'test' },
    }))
    const former = await manager.containers()
    const blockedAt = new Map<string, number>()
    const stopFollowing = await followBlocked(manager.instance, (name, at) => void blockedAt.set(name, at))
    const cuts = places.map(async ({ container, credentials }, index) => {
      const { what, command, sign } = MISBEHAVIOURS[index] ?? assert.fail('one each')
      const sessions: Session[] = []
      while (sessions.length < (what === 'thirty sessions' ? SESSIONS : 1)) sessions.push(await login(credentials))
      await sleep(end - LEAD - Date.now())
      const closed = sessions.map(async (session) => {
        await session.closed
        return Date.now() - end
      })
      for (const session of sessions) void session.exec(command).catch(() => undefined)
      await eventually(() => sign(container))
      assert.ok(Date.now() < end, `${what}: under way before the end`)
      const lastIn = await knock(credentials, end)
      assert.ok(lastIn < PROMISE, `${what}: let in ${lastIn} ms after the end`)
      // A blocked tenant is out: how long the deaths of all of them take depends on the machine.
      const lastClosed = Math.max(...(await Promise.all(closed)))
      const lastOut = Math.min(lastClosed, (blockedAt.get(container) ?? Number.POSITIVE_INFINITY) - end)
      assert.ok(lastOut < PROMISE, `${what}: thrown out ${lastOut} ms after the end`)
      return { lastOut, lastClosed }
    })
    for (const { lastOut, lastClosed } of await Promise.all(cuts)) {
      latest.out = Math.max(latest.out, lastOut)
      latest.closed = Math.max(latest.closed, lastClosed)
    }
    await stopFollowing()
    await manager.untilReady()
    const after = await manager.containers()
    for (const { name, generation } of after) {
      assert.ok(generation > (former.find((c) => c.name === name)?.generation ?? generation), `${name} is a new one`)
    }
  }
  const { out, closed } = latest
  t.diagnostic(
    `cut off ${Math.round(out)} ms after the end of its reservation at the latest, closed after ${closed} ms`,
  )
  tried(t, rounds * MISBEHAVIOURS.length, 'containers whose tenant misbehaves at the end')
})

/** Tries to log in until some time after the end. Returns when it last worked, in milliseconds after the end. */
async function knock(credentials: Login, end: number): Promise<number> {
  let last = Number.NEGATIVE_INFINITY
  await sleep(Math.max(0, end - 500 - Date.now()))
  while (Date.now() < end + PROMISE + 500) {
    // When the command ran, not when its output arrived: output from before the end may take longer.
    const { stdout } = await loginAndRun(credentials, 'date +%s%3N').catch(() => ({ stdout: '' }))
    if (stdout !== '') last = Number(stdout) - end
    // A login costs both sides some of the time that is measured here.
    await sleep(250)
  }
  return last
}
