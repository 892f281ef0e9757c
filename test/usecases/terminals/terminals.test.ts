import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../../lab/eventually.ts'
import { pool } from '../../../lab/rows.ts'
import { createWorld, type World } from '../../../lab/world.ts'
import { SimulatedShell } from '../../../src/engine/memory/simulated-shell.ts'
import { ANONYMOUS } from '../../../src/domain/identity.ts'
import type { Engine } from '../../../src/ports/engine.ts'
import { openShell } from '../../../src/usecases/terminals/open-shell.ts'
import { RunningTerminal } from '../../../src/usecases/terminals/running-terminal.ts'
import type { Connection, ViewerMessage } from '../../../src/usecases/terminals/viewer.ts'

const MINUTE = 60_000
const SIZE = { cols: 80, rows: 24 }
const P = pool({ name: 'p', size: 2 })
const ROW = { id: 't', reservation: 'r', container: 'p-1', generation: 1, persistent: false, createdAt: 0, viewedAt: 0 }
const credential = { kind: 'none', id: null, expiresAt: null } as const
const holder = { by: ANONYMOUS, credential, isStillAllowed: async () => true }

type Around = NonNullable<NonNullable<Parameters<typeof createWorld>[0]>['around']>

async function scene(
  some: { readonly keepaliveMs?: number; readonly count?: number } = {},
  around: Around = (_, port) => port,
) {
  const world = await createWorld({ pools: [P], around })
  await world.settle()
  const request = { pool: P, username: 'ann', password: 'test', count: 1, durationMs: 30 * MINUTE, ...some }
  const { reservation } = await world.reservations.reserve(request, ANONYMOUS)
  return { world, reservation }
}

/** A viewer that records everything. */
function recording() {
  const notes = { messages: [] as ViewerMessage[], text: '', closed: [] as string[], pings: 0 }
  const connection: Connection = {
    send: (message) => void notes.messages.push(message),
    output: (bytes) => {
      notes.text += Buffer.from(bytes).toString()
    },
    hold: () => undefined,
    ping: () => {
      notes.pings += 1
    },
    close: (why, reason) => void notes.closed.push(`${why}: ${reason}`),
  }
  return { notes, connection }
}

async function opened(world: World) {
  const { id } = await world.terminals.open('p-1', SIZE, holder)
  const { notes, connection } = recording()
  const viewer = await world.terminals.attach(id, holder, connection)
  return { id, notes, viewer }
}

/** Asserts that a terminal without viewers is still there after 10 minutes, and no more after 11. */
async function endsBetween10And11Minutes(world: World, id: string): Promise<void> {
  world.advance(10 * MINUTE)
  await world.terminals.step()
  assert.notEqual(await world.store.terminal(id), null)
  world.advance(MINUTE)
  await world.terminals.step()
  assert.equal(await world.store.terminal(id), null)
}

/** Returns the events of closed terminals. */
async function closings(world: World) {
  const events = await world.store.events({ after: 0, limit: 1_000 })
  return events
    .filter(({ kind }) => kind === 'terminal.closed')
    .map(({ container, owner, by, detail }) => ({ container, owner, by, detail }))
}

describe('terminals end', () => {
  const CASES: readonly [what: string, change: (world: World, id: string) => Promise<unknown>, closed: RegExp][] = [
    [
      'when the reservation is released',
      (w, id) => w.reservations.release(id, ANONYMOUS),
      /^over: The reservation was released at \d\d:\d\d UTC\.$/,
    ],
    [
      'when its time is up',
      async (w) => {
        w.advance(30 * MINUTE)
        await w.terminals.step()
      },
      /^over: The reservation expired at \d\d:\d\d UTC\.$/,
    ],
    ['when the container is reset', (w) => w.reservations.reset('p-1', ANONYMOUS), /^replaced: p-1 was reset at /],
    [
      'when the container is replaced',
      async (w) => {
        w.host.disturb(w.host.holderOf('p-1')?.id ?? '', null)
        await w.settle()
      },
      /^(over: The shell in p-1 was killed|replaced: p-1 was replaced) at /,
    ],
  ]
  for (const [what, change, closed] of CASES) {
    it(what, async () => {
      const { world, reservation } = await scene()
      const { id, notes } = await opened(world)
      await change(world, reservation.id)
      await eventually(async () => notes.closed.length > 0)
      assert.match(notes.closed.join(), closed)
      assert.equal(notes.messages.at(-1)?.type, 'ended')
      await eventually(async () => (await world.store.terminal(id)) === null)
      assert.deepEqual(world.terminals.counts, { terminals: 0, viewers: 0 })
    })
  }

  it('after 10 minutes without viewers, and not before', async () => {
    const { world } = await scene()
    const { id, notes, viewer } = await opened(world)
    world.advance(11 * MINUTE)
    await world.terminals.step()
    assert.equal(world.terminals.counts.terminals, 1, 'it has a viewer')
    viewer.leave()
    world.advance(10 * MINUTE - 1)
    await world.terminals.step()
    assert.equal(world.terminals.counts.terminals, 1)
    world.advance(1)
    await world.terminals.step()
    assert.equal(world.terminals.counts.terminals, 0)
    assert.equal(await world.store.terminal(id), null)
    assert.deepEqual(notes.closed, [])
  })

  it('after 10 to 11 minutes without viewers, also if the manager has restarted meanwhile', async () => {
    const { world } = await scene()
    const { id } = await opened(world)
    world.advance(3 * MINUTE)
    await world.terminals.step()
    world.terminals.stop()
    await world.restart()
    await world.settle()
    await endsBetween10And11Minutes(world, id)
    assert.deepEqual(await closings(world), [{ container: 'p-1', owner: ANONYMOUS.name, by: 'berth', detail: 'idle' }])
  })

  it('no earlier than a minute after a start of the manager, so that viewers can reconnect', async () => {
    const { world } = await scene()
    const { id } = await opened(world)
    world.terminals.stop()
    world.advance(20 * MINUTE)
    await world.restart()
    world.advance(MINUTE - 1)
    await world.terminals.step()
    const { connection } = recording()
    await world.terminals.attach(id, holder, connection)
    world.advance(MINUTE)
    await world.terminals.step()
    assert.notEqual(await world.store.terminal(id), null)
    await world.restart()
    world.advance(20 * MINUTE)
    await world.terminals.step()
    assert.equal(await world.store.terminal(id), null)
  })

  it('10 to 11 minutes after the last viewer has left, however short the visit was', async () => {
    const { world } = await scene()
    const { id, viewer } = await opened(world)
    viewer.leave()
    world.advance(9 * MINUTE)
    const visitor = await world.terminals.attach(id, holder, recording().connection)
    visitor.leave()
    await eventually(async () => (await world.store.terminal(id))?.viewedAt === world.now())
    world.terminals.stop()
    await world.restart()
    await endsBetween10And11Minutes(world, id)
  })

  it('without delaying the checks of viewers while the engine does not answer', async () => {
    const answer = Promise.withResolvers<never>()
    const around: Around = (name, port) =>
      name === 'engine' ? Object.assign(port, { exec: () => answer.promise }) : port
    const { world } = await scene({}, around)
    const { id, viewer } = await opened(world)
    viewer.leave()
    world.advance(10 * MINUTE)
    await world.terminals.step()
    assert.equal(await world.store.terminal(id), null)
    answer.reject(new Error('no answer'))
    await eventually(async () => world.logged.some((line) => line.startsWith('a shell in p-1 may still be running')))
  })

  it('not while they have viewers in another manager', async () => {
    const { world } = await scene()
    const { id } = await opened(world)
    const viewing = world.terminals
    await world.restart()
    for (let minute = 0; minute < 15; minute += 1) {
      world.advance(MINUTE)
      await viewing.step()
      await world.terminals.step()
    }
    assert.notEqual(await world.store.terminal(id), null)
    viewing.stop()
  })

  it('with the reservation, also if they have had no viewer since a restart of the manager', async () => {
    const { world, reservation } = await scene()
    const { id } = await opened(world)
    world.terminals.stop()
    await world.restart()
    await world.reservations.release(reservation.id, ANONYMOUS)
    await eventually(async () => (await world.store.terminal(id)) === null)
    assert.deepEqual(
      (await closings(world)).map(({ detail }) => detail),
      ['released'],
    )
  })

  it('not because another container of the reservation is reset', async () => {
    const { world } = await scene({ count: 2 })
    const { notes } = await opened(world)
    await world.reservations.reset('p-2', ANONYMOUS)
    await world.settle()
    await world.terminals.step()
    assert.deepEqual(notes.closed, [])
  })
})

describe('terminals', () => {
  it('ping their viewers every 20 s, and check every 10 s whether they are still allowed', async () => {
    const { world } = await scene()
    const { id } = await world.terminals.open('p-1', SIZE, holder)
    let [checks, isAllowed] = [0, true]
    const { notes, connection } = recording()
    const isStillAllowed = async () => {
      checks += 1
      return isAllowed
    }
    await world.terminals.attach(id, { by: ANONYMOUS, isStillAllowed }, connection)
    for (let step = 0; step < 8; step += 1) {
      world.advance(5_000)
      await world.terminals.step()
    }
    assert.deepEqual([notes.pings, checks], [2, 4])
    isAllowed = false
    world.advance(10_000)
    await world.terminals.step()
    assert.match(notes.closed.join(), /^signed_out/)
    assert.deepEqual(world.terminals.counts, { terminals: 1, viewers: 0 })
  })

  it('drop the input of a viewer that was signed out, whose client ignores the close', async () => {
    const { world } = await scene()
    const { id, notes } = await opened(world)
    const signedOut = recording()
    const access = { by: ANONYMOUS, isStillAllowed: async () => false }
    const viewer = await world.terminals.attach(id, access, signedOut.connection)
    world.advance(10_000)
    await world.terminals.step()
    assert.match(signedOut.notes.closed.join(), /^signed_out/)
    viewer.resize({ cols: 100, rows: 30 })
    viewer.type(Buffer.from('whoami\r'))
    await sleep(50)
    assert.equal(notes.text, '$ ')
    assert.deepEqual(
      notes.messages.map(({ type }) => type),
      ['attached'],
    )
  })

  it('send one resize at a time to the engine, and the latest size last', async () => {
    const shell = new SimulatedShell({ user: 'ann', command: [], size: SIZE, timeoutMs: 1_000 })
    const sizes: number[] = []
    shell.resize = async ({ cols }) => {
      sizes.push(cols)
      await sleep(10)
    }
    const deps = { clock: () => 0, onInput: () => undefined, onShellEnd: () => undefined }
    const terminal = new RunningTerminal(ROW, { shell, output: Buffer.of(), size: SIZE, lost: false }, deps)
    const viewer = terminal.attach(recording().connection, holder)
    for (let cols = 100; cols < 200; cols += 1) viewer.resize({ cols, rows: 24 })
    await eventually(async () => sizes.at(-1) === 199)
    assert.deepEqual(sizes, [100, 199])
    shell.close()
  })

  it('count input as a keepalive call, and nothing else', async () => {
    const { world, reservation } = await scene({ keepaliveMs: 5 * MINUTE })
    const { viewer } = await opened(world)
    const aliveUntil = async () => (await world.store.reservation(reservation.id))?.aliveUntil
    const before = await aliveUntil()
    world.advance(MINUTE)
    viewer.resize({ cols: 100, rows: 30 })
    viewer.acknowledge(0)
    await world.terminals.step()
    assert.equal(await aliveUntil(), before)
    viewer.type(Buffer.from('x'))
    await eventually(async () => (await aliveUntil()) === (before ?? 0) + MINUTE)
  })

  it('pass on the responses of the viewer that typed or resized last, or else of the first one', async () => {
    const shell = new SimulatedShell({ user: 'ann', command: [], size: SIZE, timeoutMs: 1_000 })
    let typed = ''
    let inputs = 0
    shell.stream.write = (bytes: Uint8Array) => {
      typed += Buffer.from(bytes).toString()
      return true
    }
    const deps = { clock: () => 0, onInput: () => void inputs++, onShellEnd: () => undefined }
    const terminal = new RunningTerminal(ROW, { shell, output: Buffer.of(), size: SIZE, lost: false }, deps)
    const [one, two, three] = [1, 2, 3].map(() => terminal.attach(recording().connection, holder))
    const responders = () => {
      typed = ''
      for (const [nth, viewer] of [one, two, three].entries()) viewer?.type(Buffer.from(`\x1b[${nth + 1};1R`))
      return typed.replaceAll('\x1b', '')
    }
    assert.equal(responders(), '[1;1R', 'the first')
    two?.type(Buffer.from('x'))
    assert.equal(responders(), '[2;1R', 'the one that typed last')
    three?.resize(SIZE)
    assert.equal(responders(), '[3;1R', 'the one that resized last')
    three?.leave()
    assert.equal(responders(), '[1;1R', 'the first of the remaining ones')
    assert.equal(inputs, 1, 'responses do not count as input')
    shell.close()
  })

  it('are not resized by responses', async () => {
    const { world } = await scene()
    const { id, viewer, notes } = await opened(world)
    const other = await world.terminals.attach(id, holder, recording().connection)
    viewer.resize({ cols: 100, rows: 30 })
    other.resize({ cols: 120, rows: 40 })
    notes.messages.length = 0
    viewer.type(Buffer.from('\x1b[?1;2c'))
    other.type(Buffer.from('\x1b[?1;2c'))
    assert.deepEqual(notes.messages, [])
  })

  it('stop waiting for a viewer that has acknowledged nothing for 10 s', async () => {
    const { world } = await scene()
    const { notes, viewer } = await opened(world)
    viewer.type(Buffer.from('yes\r'))
    await eventually(async () => notes.text.length > 256 * 1024)
    const full = notes.text.length
    world.advance(10_000)
    await world.terminals.step()
    // The shell prints again, more than is kept.
    await sleep(100)
    viewer.type(Buffer.from('x'))
    viewer.type(Buffer.from('whoami\r'))
    viewer.acknowledge(256 * 1024)
    await eventually(async () => /\nann\r/.test(notes.text.slice(full)))
    assert.equal(notes.messages.filter(({ type }) => type === 'attached').length, 2)
  })

  it('are taken over by the next manager, which starts lost shells again', async () => {
    const { world } = await scene()
    const { id, notes } = await opened(world)
    world.terminals.stop()
    assert.deepEqual(notes.closed, ['restarting: the manager restarts'])
    await world.restart()
    assert.deepEqual(
      (await world.terminals.list(ANONYMOUS)).map((each) => [each.id, each.viewers]),
      [[id, 0]],
    )
    const ticket = await world.terminals.ticket(id, holder)
    assert.deepEqual((await world.terminals.redeem(ticket, id)).by, ANONYMOUS)
    await assert.rejects(world.terminals.redeem(ticket, id), { code: 'unauthorized' })
    const [one, two] = [recording(), recording()]
    await Promise.all([one, two].map(({ connection }) => world.terminals.attach(id, holder, connection)))
    for (const each of [one, two])
      assert.ok(each.notes.messages.every((message) => message.type === 'attached' && message.lost))
    assert.deepEqual(world.terminals.counts, { terminals: 1, viewers: 2 })
  })

  it('send the reason to a viewer that attaches just after their end', () => {
    const shell = new SimulatedShell({ user: 'ann', command: [], size: SIZE, timeoutMs: 1_000 })
    const deps = { clock: () => 0, onInput: () => undefined, onShellEnd: () => assert.fail('it was ended') }
    const terminal = new RunningTerminal(ROW, { shell, output: Buffer.from('old'), size: SIZE, lost: false }, deps)
    terminal.end({ why: 'released', reason: 'It was released.', at: 0 })
    const { notes, connection } = recording()
    terminal.attach(connection, holder).type(Buffer.from('x'))
    assert.deepEqual([notes.closed, notes.text, terminal.viewers], [['over: It was released.'], 'old', 0])
  })

  it('count toward the limits also after a restart of the manager', async () => {
    const { world } = await scene()
    for (let nth = 0; nth < 8; nth += 1) await world.terminals.open('p-1', SIZE, holder)
    world.terminals.stop()
    await world.restart()
    await assert.rejects(world.terminals.open('p-1', SIZE, holder), { code: 'rate_limited' })
  })

  it('cannot be attached to while they are being closed', async () => {
    const { world } = await scene()
    const { id } = await opened(world)
    world.terminals.stop()
    await world.restart()
    const attaching = world.terminals.attach(id, holder, recording().connection)
    const closing = world.terminals.close(id, ANONYMOUS)
    await assert.rejects(attaching, { code: 'not_found' })
    await closing
    assert.deepEqual(world.terminals.counts, { terminals: 0, viewers: 0 })
  })

  it('leave no process behind when the shell does not start', async () => {
    const { world, reservation } = await scene()
    const row = (await world.store.snapshot()).containers.find(({ name }) => name === 'p-1')
    assert.ok(row?.engineId)
    const ended: string[] = []
    const engine: Pick<Engine, 'shell' | 'exec' | 'lentTo'> = {
      shell: async (_id, request) => {
        const shell = new SimulatedShell({ ...request, command: [] })
        shell.end(1)
        return shell
      },
      exec: async (_id, { command }) => {
        ended.push(command.join(' '))
        return { code: 0, stdout: '', stderr: '' }
      },
      lentTo: () => null,
    }
    const deps = { store: world.store, engine, clock: world.now }
    const place = { reservation, container: { ...row, engineId: row.engineId } }
    await assert.rejects(openShell(deps, place, { id: 't1', size: SIZE, by: ANONYMOUS }), { code: 'guest_failed' })
    assert.match(ended.join(), /^su -s \/bin\/sh -c id=t1; .*BERTH_TERMINAL.* ann$/s)
    assert.equal(await world.store.terminal('t1'), null)
  })

  it('are opened only in a container of an active reservation of the caller', async () => {
    const { world, reservation } = await scene()
    const other = { ...holder, by: { ...ANONYMOUS, name: 'other' } }
    const attempt = (name: string, as = holder) => world.terminals.open(name, SIZE, as)
    await assert.rejects(attempt('p-2'), { code: 'not_found' })
    await assert.rejects(attempt('p-9'), { code: 'not_found' })
    await assert.rejects(attempt('p-1', other), { code: 'not_found' })
    world.advance(30 * MINUTE)
    await assert.rejects(attempt('p-1'), { code: 'not_active' })
    await world.reservations.release(reservation.id, ANONYMOUS)
    await assert.rejects(attempt('p-1'), { code: 'not_found' })
  })
})
