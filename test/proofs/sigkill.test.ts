/** A real manager's process, on real Docker and a real database, killed at exactly one statement, request or answer. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { before, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testBerth } from '../support/manager/berth.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { type Reserved, testManager } from '../../lab/manager.ts'
import { effort, tried } from '../../lab/proof.ts'
import { canLogIn, loginAndRun } from '../support/ssh.ts'

const SIZE = 3
const HOOK = fileURLToPath(new URL('../support/manager/dying.ts', import.meta.url))
const manager = await testManager('sigkill', { size: SIZE, env: { NODE_OPTIONS: `--import=${HOOK}` } })
const berth = testBerth({ BERTH_CONFIG: join(manager.folder, 'berth.yml') })
const held = `${manager.pool}-1`

/** What is being done when the manager dies. `kept` has its first container all along. */
const THINGS = {
  'reserves two containers': async () => manager.get<Reserved>('/reserve?username=lost&count=2'),
  'ends a reservation and recycles': async () => manager.send('POST', '/v1/release-all', { username: 'used' }),
  'replaces a held container that is gone': async () => {
    const former = (await manager.containers()).find(({ name }) => name === held)?.generation ?? 0
    await docker('rm', '--force', held)
    await manager.until('replaced', (all) => all.some((c) => c.name === held && c.generation > former && c.host_key))
  },
  'shrinks its pool and grows it again': async () => {
    await manager.send('PATCH', `/v1/pools/${manager.pool}`, { size: 1 })
    await manager.send('PATCH', `/v1/pools/${manager.pool}`, { size: null })
  },
} as const

type Thing = keyof typeof THINGS
type Kind = 'statement' | 'request' | 'answer'

const credentials = ({ username, password, containers }: Reserved, index = 0) => ({
  port: containers[index]?.port ?? 0,
  username,
  password,
})

/** How many statements, requests and answers each of them takes without a kill. */
const counts = new Map<Thing, Record<Kind, number>>()

before(async () => {
  for (const thing of Object.keys(THINGS) as Thing[]) {
    await begin(thing)
    await arm()
    await THINGS[thing]()
    await atRest()
    manager.signal('SIGUSR2')
    await manager.shows(/^counted /m)
    const counted = JSON.parse(/^counted (.*)$/m.exec(manager.output)?.[1] ?? '{}') as Record<Kind, number>
    for (const kind of ['statement', 'request', 'answer'] as const) assert.ok(counted[kind] > 0, `${thing}: no ${kind}`)
    counts.set(thing, counted)
    await manager.kill()
  }
})

/** A manager with a full pool, one holder who stays, and, where a case needs it, one whose time is over. */
async function begin(thing: Thing, dying = ''): Promise<{ kept: Reserved; used: Reserved | null }> {
  await manager.start({ DYING: dying })
  await manager.get('/release_all')
  await manager.untilReady()
  const kept = await manager.reserve({ username: 'kept', duration: 60 })
  const used = thing.startsWith('ends') ? await manager.reserve({ username: 'used', count: 2 }) : null
  return { kept, used }
}

/** Counts from here on. */
async function arm(): Promise<void> {
  manager.signal('SIGUSR2')
  await manager.shows(/^armed$/m)
}

async function atRest(sizes: readonly number[] = [SIZE]): Promise<void> {
  await manager.until(
    'at rest',
    (all) => sizes.includes(all.length) && all.every((c) => /ready|reserved/.test(c.state)),
  )
}

/** A manager that is killed between the two wishes knows of the first; the second was never answered. */
async function atRestAfter(thing: Thing): Promise<void> {
  if (thing.startsWith('shrinks')) {
    await atRest([1, SIZE])
    await manager.send('PATCH', `/v1/pools/${manager.pool}`, { size: null })
  }
  await atRest()
}

/** Kills it there. Returns whether it died of that. */
async function strike(thing: Thing, kind: Kind, at: number): Promise<boolean> {
  const { kept, used } = await begin(thing, `${kind} ${at}`)
  await arm()
  const answer = await Promise.resolve(THINGS[thing]()).catch(() => null)
  const died = await Promise.race([
    manager.died(),
    atRest().then(
      () => false,
      () => true,
    ),
  ])
  await manager.kill()
  if (used && answer !== null) assert.equal(await canLogIn(credentials(used)), false, 'released, and still in')

  await manager.start()
  await atRestAfter(thing)
  const checked = new DatabaseSync(join(manager.folder, 'containers.db'), { readOnly: true })
  assert.equal(checked.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok')
  checked.close()
  await eventually(async () => (await loginAndRun(credentials(kept), 'whoami')).stdout === 'kept')
  if (thing.startsWith('reserves'))
    await assertAllOrNothing(answer as Awaited<ReturnType<typeof manager.get<Reserved>>>)
  if (used) await assertOver(used)
  const doctor = await berth.run('doctor')
  assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr)
  await manager.kill()
  return died
}

/** What was answered holds. What was not answered happened completely, or not at all. */
async function assertAllOrNothing(answer: { status: number; body: Reserved } | null): Promise<void> {
  const { body } = await manager.get<{ reservations: { username: string }[] }>('/reservations')
  const has = body.reservations.filter(({ username }) => username === 'lost').length
  if (answer?.status !== 200) return assert.ok(has === 0 || has === 2, `half a reservation: ${has} containers`)
  assert.equal(has, 2)
  for (const index of [0, 1]) {
    assert.equal((await loginAndRun(credentials(answer.body, index), 'whoami')).stdout, 'lost')
  }
}

/** A requested end happens, also when the manager died over it; a request that was never received changes nothing. */
async function assertOver(used: Reserved): Promise<void> {
  const { body } = await manager.get<{ reservations: { username: string }[] }>('/reservations')
  const stands = body.reservations.some(({ username }) => username === used.username)
  for (const index of [0, 1]) assert.equal(await canLogIn(credentials(used, index)), stands)
}

const KINDS = {
  statement:
    'After SIGKILL at a statement to SQLite, the next manager keeps answered reservations and finishes or undoes the rest',
  request:
    'After SIGKILL at a request to Docker, the next manager keeps answered reservations and finishes or undoes the rest',
  answer:
    'After SIGKILL at an answer from Docker, the next manager keeps answered reservations and finishes or undoes the rest',
} as const satisfies Record<Kind, string>

/** Strikes of a kind in each thing; a plain test run does each thing once, in one of the kinds. */
const CASES = effort({ test: 1, prove: 4 })
const EVERY = effort({ test: 3, prove: 1 })

for (const [kindIndex, [kind, promise]] of (Object.entries(KINDS) as [Kind, string][]).entries()) {
  it(promise, async (t) => {
    let deaths = 0
    for (const [index, [thing, counted]] of [...counts].entries()) {
      if ((index + kindIndex) % EVERY !== 0) continue
      for (let nth = 0; nth < CASES; nth += 1) {
        // Spread over all of them; not the same ones in each run.
        let at = 1 + Math.floor(((nth + Math.random()) * counted[kind]) / CASES)
        for (let died = false; !died; at = Math.ceil(at / 2)) {
          died = await strike(thing, kind, at).catch((cause: unknown) => {
            throw new Error(`when it ${thing}, killed at ${kind} ${at} of ${counted[kind]}`, { cause })
          })
          await manager.kill()
          // There may be fewer this time: the manager also looks at Docker in its own time. The first one always comes.
          assert.ok(died || at > 1, `${thing}: not one ${kind}`)
        }
        deaths += 1
      }
    }
    tried(t, deaths, `kills in ${Math.ceil(counts.size / EVERY)} scenarios`)
  })
}
