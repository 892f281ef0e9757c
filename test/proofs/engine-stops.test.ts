/** Docker itself stops, crashes and starts again, in the middle of what the manager asks of it. */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../lab/eventually.ts'
import type { ContainerView, Reserved } from '../../lab/manager.ts'
import { cannotHaveEngine, type PrivateEngine, privateEngine } from '../support/engine/private-engine.ts'
import { effort, tried } from '../../lab/proof.ts'
import { canLogIn, login, loginAndRun } from '../support/ssh.ts'
import { type Bystander, type TwoPools, twoPools } from '../support/manager/two-pools.ts'

const skip = cannotHaveEngine()

interface Fault {
  readonly signal: 'SIGTERM' | 'SIGKILL'
  readonly during: 'a reserve' | 'a recycle'
  /** How far into it, in milliseconds. */
  readonly ms: number
}

const MOMENTS = [1, 30, 120, 400].slice(0, effort({ test: 0, prove: 2 }))
const SOME: readonly Fault[] = [
  { signal: 'SIGKILL', during: 'a recycle', ms: 250 },
  { signal: 'SIGTERM', during: 'a reserve', ms: 60 },
]
const ALL: readonly Fault[] = (['SIGTERM', 'SIGKILL'] as const).flatMap((signal) =>
  (['a reserve', 'a recycle'] as const).flatMap((during) => MOMENTS.map((ms) => ({ signal, during, ms }))),
)
const faults = ALL.length > 0 ? ALL : SOME

/** Soon after Docker answers again and the manager has noticed it: before any deadline is over. */
const SOON = 8_000

describe('Docker stops', { skip }, async () => {
  if (skip !== false) return
  const engine = await privateEngine()
  const pools = await twoPools('stops', { size: 4, engine })
  const { manager } = pools

  async function begin(liveRestore: boolean): Promise<Bystander> {
    await manager.kill()
    await engine.stop('SIGTERM')
    await engine.start({ liveRestore })
    await manager.start()
    await manager.get('/release_all')
    await manager.untilReady()
    return pools.holdBystander()
  }

  /** One tenant stays, the time of another ends, and a third has just reserved or released at that moment. */
  async function suffer(fault: Fault, liveRestore: boolean): Promise<void> {
    const staying = await pools.reserve('alice', { duration: 600 })
    const leaving = await pools.reserve('leaving')
    const open = await login(pools.loginOf(leaving))
    await loginAndRun(pools.loginOf(staying), 'echo mine > ~/work')
    const generation = (await pools.container(staying.containers[0]?.container ?? '')).generation

    const coming = await disturb(engine, pools, fault)
    pools.expireSoon('leaving', 200)
    await whileAway(pools)
    await engine.start({ liveRestore })

    const back = performance.now()
    await eventually(async () => (await pools.reservation('leaving'))?.state === 'ended')
    assert.ok(performance.now() - back < SOON, `${performance.now() - back} ms until the expired one was cut off`)
    assert.equal(await canLogIn(pools.loginOf(leaving)), false)
    await open.closed
    await eventually(async () => (await loginAndRun(pools.loginOf(staying), 'cat ~/work')).stdout === 'mine')
    assert.equal((await pools.container(staying.containers[0]?.container ?? '')).generation, generation)
    await settled(pools, coming)
    // Access may have ended before the next listing.
    await eventually(async () => (await manager.get('/readyz')).status === 200)
    assert.equal(await pools.releaseAll(), 200)
    assert.equal(await canLogIn(pools.loginOf(staying)), false)
    if (await keepsPorts(pools)) {
      await engine.stop('SIGTERM')
      await engine.start({ liveRestore })
    }
    await pools.untilReady()
    await pools.soundly()
  }

  test('Docker restarts with live-restore: tenants stay logged in, and work in progress is finished or undone', async (t) => {
    const bystander = await begin(true)
    for (const fault of faults) {
      await named(t, pools, fault, async () => {
        await suffer(fault, true)
        await bystander.untouched()
      })
    }
    tried(t, faults.length, 'stops and crashes of dockerd')
  })

  test('Docker restarts without live-restore: holders get their containers back, with all files', async (t) => {
    const bystander = await begin(false)
    await bystander.session.exec('echo kept > ~/work')
    const { generation } = await pools.container(bystander.name)
    const [id] = (await pools.running(bystander.name)).split(' ')
    for (const fault of faults) {
      await named(t, pools, fault, async () => {
        await suffer(fault, false)
        await eventually(async () => (await loginAndRun(bystander.login, 'cat ~/work')).stdout === 'kept')
        assert.equal((await pools.container(bystander.name)).generation, generation)
        assert.equal((await pools.running(bystander.name)).split(' ')[0], id, 'the same container')
      })
    }
    tried(t, faults.length, 'stops and crashes of dockerd')
  })
})

interface Answer {
  readonly status: number
  readonly body: Reserved
}

/** Returns the answer to the reserve that was under way; null when there was none. */
async function disturb(engine: PrivateEngine, pools: TwoPools, { signal, during, ms }: Fault): Promise<Answer | null> {
  const path = `/reserve?username=late&pool=${pools.manager.pool}&count=2`
  if (during === 'a recycle') {
    await pools.reserve('late', { count: 2 })
    const released = pools.release('late')
    await sleep(ms)
    await engine.stop(signal)
    await released
    return null
  }
  const answer = pools.manager.get<Reserved>(path)
  await sleep(ms)
  await engine.stop(signal)
  return answer
}

/** Reads are answered; a reserve is refused with the reason, and with the time to retry after. */
async function whileAway(pools: TwoPools): Promise<void> {
  const { manager } = pools
  await eventually(async () => {
    const { status, headers, body } = await manager.get<{ error: string }>(`/reserve?username=bob&pool=${manager.pool}`)
    assert.deepEqual([status, headers.get('retry-after')], [503, '2'])
    assert.match(body.error, /the container engine does not answer: .*Docker at unix:/)
    return true
  })
  const { status, body } = await manager.get<{ reasons: string[] }>('/readyz')
  assert.equal(status, 503)
  assert.match(body.reasons.join(), /the container engine does not answer/)
  for (const path of ['/available', '/reservations', '/v1/pools', '/v1/containers', '/healthz']) {
    assert.equal((await manager.get(path)).status, 200, path)
  }
}

/** The reserve that was under way has all of its containers, or none. */
async function settled(pools: TwoPools, answer: Answer | null): Promise<void> {
  if (answer?.status === 200) {
    for (const each of pools.loginsOf(answer.body)) {
      await eventually(async () => (await loginAndRun(each, 'whoami')).stdout === 'late')
    }
    return
  }
  if (answer) assert.equal(answer.status, 503, JSON.stringify(answer.body))
  const { body } = await pools.manager.get<{ reservations: { username: string }[] }>('/reservations')
  assert.deepEqual(
    body.reservations.filter((r) => r.username === 'late'),
    [],
    'nothing is half taken',
  )
}

/**
 * Returns whether Docker has lost track of ports: 20.10 does when it goes down while it starts a container. Only
 * another restart helps, as the error of the container says.
 */
async function keepsPorts({ manager, bystander }: TwoPools): Promise<boolean> {
  const isKept = (error: string | null) => error !== null && /already allocated.*: restart Docker$/.test(error)
  const others = (all: readonly ContainerView[]) => all.filter(({ name }) => !name.startsWith(bystander))
  await manager.until('ready, or told why not', (all) =>
    others(all).every(({ state, error }) => state === 'ready' || (state === 'broken' && isKept(error))),
  )
  return others(await manager.containers()).some(({ error }) => isKept(error))
}

async function named(t: TestContext, pools: TwoPools, fault: Fault, work: () => Promise<void>): Promise<void> {
  const what = `${fault.signal} ${fault.ms} ms into ${fault.during}`
  t.diagnostic(what)
  await work().catch((cause: unknown) => {
    throw new Error(`${what}: ${cause instanceof Error ? cause.message : ''}\n${pools.manager.warnings()}`, { cause })
  })
}
