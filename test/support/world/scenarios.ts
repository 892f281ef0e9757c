/** What a manager does, one thing at a time: each is done again and again, and struck at each of its steps. */
import { ANONYMOUS } from '../../../src/domain/identity.ts'
import { type Pool, specOf } from '../../../src/domain/pool.ts'
import { openMemory } from '../../../src/engine/memory/engine.ts'
import type { Answers } from './answers.ts'
import { pool } from '../../../lab/rows.ts'
import { INSTANCE, type World } from '../../../lab/world.ts'
import { mark } from '../../../lab/database-mark.ts'

const MINUTE = 60_000
const KEY = { key: 'key', body: 'body', salt: 'salt' }

export interface Scenario {
  readonly name: string
  readonly pools?: readonly Pool[]
  /** Of the manager that does it, and of those after it; `pools` when it is left out. */
  readonly laterPools?: readonly Pool[]
  /** What is so before. The pool is full unless it is said otherwise. */
  readonly empty?: true
  readonly given?: (world: World, answers: Answers) => Promise<void>
  /** What is done; then the manager ticks until it finds nothing more to do. */
  readonly when?: (world: World, answers: Answers) => Promise<void>
}

function disturb(world: World, name: string, state: 'exited' | 'paused' | null): void {
  const container = world.host.holderOf(name)
  if (container) world.host.disturb(container.id, state)
}

const idOf = async (world: World, username: string): Promise<string> => {
  const { reservations } = await world.store.snapshot()
  return reservations.find((r) => r.username === username)?.id ?? ''
}

/** Reservations are of ten minutes; whoever checks afterwards waits for two. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'provision', empty: true },
  {
    name: 'adopt',
    empty: true,
    async given(world) {
      world.gone.add('gone')
      for (const number of [1, 2]) {
        // The second is what a database has left behind that is not there any more.
        const database = number === 1 ? world.database : mark('gone')
        const ansible = openMemory({ database, instance: INSTANCE.name, host: world.host })
        const spec = specOf(INSTANCE, pool(), { number, port: 2_220 + number, generation: null })
        const id = await ansible.create(spec)
        await ansible.start(id)
      }
    },
  },
  {
    name: 'provision with a playbook',
    pools: [pool({ prepare: '/site.yml' })],
    empty: true,
  },
  {
    name: 'make the image of a pool',
    pools: [pool({ prepare: '/site.yml', preparedImage: 'awaited' })],
    empty: true,
  },
  {
    name: 'make another image of a pool whose playbook has changed',
    pools: [pool({ prepare: '/site.yml', preparedImage: 'awaited' })],
    given: async (_, answers) => void (await answers.reserve('alice')),
    async when(world) {
      world.accounts.playbooks.set('/site.yml', 'changed')
      world.advance(MINUTE)
    },
  },
  {
    name: 'reserve',
    given: async (_, answers) => void (await answers.reserve('before')),
    when: async (_, answers) => void (await answers.reserve('alice', { count: 2 })),
  },
  {
    name: 'reserve, with an Idempotency-Key, twice',
    async when(_, answers) {
      await answers.reserve('alice', { count: 2, key: KEY })
      await answers.reserve('alice', { count: 2, key: KEY })
    },
  },
  {
    name: 'reserve, where a container does not work',
    async when(world, answers) {
      disturb(world, 'p-1', 'exited')
      await answers.reserve('alice', { count: 2 })
    },
  },
  {
    name: 'reserve by way of the queue',
    given: async (_, answers) => void (await answers.reserve('before', { count: 3 })),
    async when(world, answers) {
      await answers.reserve('alice', { count: 2, waitMinutes: 60 })
      await answers.reserve('bob', { waitMinutes: 60 })
      await answers.release(await idOf(world, 'before'))
    },
  },
  {
    name: 'extend',
    given: async (_, answers) => void (await answers.reserve('alice', { count: 2 })),
    when: async (world, answers) => answers.extend(await idOf(world, 'alice'), 30),
  },
  {
    name: 'keep alive',
    given: async (_, answers) => void (await answers.reserve('alice', { keepaliveMinutes: 5 })),
    when: async (world, answers) => answers.keepAlive(await idOf(world, 'alice')),
  },
  {
    name: 'release',
    async given(_, answers) {
      await answers.reserve('alice', { count: 2 })
      await answers.reserve('bob')
    },
    when: async (world, answers) => answers.release(await idOf(world, 'alice')),
  },
  {
    name: 'expire',
    async given(world, answers) {
      await answers.reserve('alice', { count: 2 })
      world.advance(MINUTE)
      await answers.reserve('bob')
    },
    when: async (world) => world.advance(9 * MINUTE),
  },
  {
    name: 'abandon',
    given: async (_, answers) => void (await answers.reserve('alice', { keepaliveMinutes: 1 })),
    when: async (world) => world.advance(MINUTE),
  },
  {
    name: 'warn of the end',
    given: async (_, answers) => void (await answers.reserve('alice', { count: 2, minutes: 20 })),
    when: async (world) => world.advance(10 * MINUTE),
  },
  {
    name: 'recycle',
    when: async (world) => void (await world.admin.recycle('p-1', ANONYMOUS).catch(() => undefined)),
  },
  {
    name: 'quarantine and return',
    async when(world) {
      await world.admin.quarantine('p-1', ANONYMOUS).catch(() => undefined)
      await world.reconciler.tick().catch(() => undefined)
      await world.admin.endQuarantine('p-1', ANONYMOUS).catch(() => undefined)
    },
  },
  {
    name: 'scale down and up',
    given: async (_, answers) => void (await answers.reserve('alice')),
    async when(world) {
      await world.admin.resize('p', 1, ANONYMOUS).catch(() => undefined)
      await world.settle().catch(() => undefined)
      await world.admin.resize('p', null, ANONYMOUS).catch(() => undefined)
    },
  },
  {
    name: 'renew a pool that is configured differently',
    given: async (_, answers) => void (await answers.reserve('alice')),
    laterPools: [pool({ memory: 2 ** 30 })],
  },
  {
    name: 'replace a ready container that died',
    when: async (world) => disturb(world, 'p-2', 'exited'),
  },
  {
    name: 'restore a held container that was stopped',
    given: async (_, answers) => void (await answers.reserve('alice', { count: 2 })),
    when: async (world) => disturb(world, 'p-2', 'exited'),
  },
  {
    name: 'replace a held container that is gone',
    given: async (_, answers) => void (await answers.reserve('alice', { count: 2 })),
    when: async (world) => disturb(world, 'p-2', null),
  },
  {
    name: 'release while a container is being replaced',
    given: async (_, answers) => void (await answers.reserve('alice', { count: 2 })),
    async when(world, answers) {
      const id = await idOf(world, 'alice')
      disturb(world, 'p-2', null)
      await together(
        world.reconciler.tick().then(() => world.reconciler.idle()),
        answers.release(id),
      )
    },
  },
  {
    name: 'expire while a container is being replaced',
    given: async (_, answers) => void (await answers.reserve('alice', { count: 2 })),
    async when(world) {
      disturb(world, 'p-2', null)
      await world.reconciler.tick().catch(() => undefined)
      world.advance(10 * MINUTE)
    },
  },
  {
    name: 'reset a container',
    given: async (_, answers) => void (await answers.reserve('alice', { count: 2 })),
    when: async (world) => void (await world.reservations.reset('p-2', ANONYMOUS).catch(() => undefined)),
  },
  {
    name: 'release while a container is being reset',
    given: async (_, answers) => void (await answers.reserve('alice', { count: 2 })),
    async when(world, answers) {
      const id = await idOf(world, 'alice')
      await world.reservations.reset('p-2', ANONYMOUS).catch(() => undefined)
      await together(
        world.reconciler.tick().then(() => world.reconciler.idle()),
        answers.release(id),
      )
    },
  },
  {
    name: 'expire while a container is being reset',
    given: async (_, answers) => void (await answers.reserve('alice', { count: 2 })),
    async when(world) {
      await world.reservations.reset('p-2', ANONYMOUS).catch(() => undefined)
      await world.reconciler.tick().catch(() => undefined)
      world.advance(10 * MINUTE)
    },
  },
  {
    name: 'release what is being prepared',
    async when(world, answers) {
      const reserving = answers.reserve('alice', { count: 2 })
      await heldOr(world, reserving)
      await together(reserving, answers.release(await idOf(world, 'alice')))
    },
  },
  {
    name: 'reserve while others are released, and the manager ticks',
    given: async (_, answers) => void (await answers.reserve('before', { count: 2 })),
    async when(world, answers) {
      await together(
        answers.release(await idOf(world, 'before')),
        answers.reserve('alice'),
        answers.reserve('bob', { waitMinutes: 60 }),
        world.reconciler.tick(),
      )
    },
  },
  {
    name: 'scale down while somebody reserves',
    async when(world, answers) {
      await together(answers.reserve('alice', { count: 2 }), world.admin.resize('p', 1, ANONYMOUS))
    },
  },
]

/** At once; what one of them throws is its client's business. */
async function together(...all: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(all)
}

/** Until somebody holds something, or that is over without. */
async function heldOr(world: World, over: Promise<unknown>): Promise<void> {
  const wait = { on: true }
  void over.finally(() => {
    wait.on = false
  })
  while (wait.on && (await world.store.snapshot()).reservations.length === 0) await new Promise(setImmediate)
}
