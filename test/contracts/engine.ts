/** What every Engine does, whatever it is made of: the promises of the port's docstrings, each tried out. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { ContainerSpec, PublishedSpec } from '../../src/domain/container.ts'
import { BerthError } from '../../src/domain/errors.ts'
import type { Engine, EngineTraits, Observed, PreparedImage } from '../../src/ports/engine.ts'
import { specDigest } from '../../src/engine/labels.ts'
import { linesContract } from './engine-lines.ts'
import { shellContract } from './engine-shells.ts'

/** An engine to test, and the things that happen around it without its doing. */
export interface EngineFixture {
  readonly instance: string
  readonly pool: string
  readonly image: string
  /** At least four, free on 127.0.0.1. */
  readonly ports: readonly number[]
  readonly engine: Engine
  /** What its containers bear. */
  readonly marks: Pick<Observed, 'database' | 'origin'>
  /** Serves the same instance from another database. */
  readonly other: Engine
  /** Serves another instance on the same host. */
  readonly neighbour: { readonly instance: string; readonly pool: string; readonly engine: Engine }
  /** Called only if the engine has the trait `pauses`. */
  pause(id: string): Promise<void>
  /** It runs on, and nobody can reach it. */
  unplug(id: string): Promise<void>
  /** The container goes down without the engine being asked. */
  crash(id: string): Promise<void>
  /** A program in a container sends a line to the manager. */
  send(id: string, line: string): Promise<void>
  /** Makes an account in the container, and returns its name. */
  account(id: string): Promise<string>
  /** Maximum time from a kill until the processes are dead, in milliseconds; 1,000 by default. */
  readonly deadWithinMs?: number
  /** A program listens on the port; the result ends it. */
  occupy(port: number): Promise<() => Promise<void>>
}

export function specFor(fixture: EngineFixture, changes: Partial<PublishedSpec> = {}): PublishedSpec {
  return {
    instance: fixture.instance,
    pool: fixture.pool,
    name: `${fixture.pool}-1`,
    generation: 1,
    image: fixture.image,
    bind: '127.0.0.1',
    port: fixture.ports[0] ?? 0,
    memory: 128 * 1024 * 1024,
    shm: 2 ** 26,
    cpus: 0.5,
    pids: 64,
    sudo: true,
    reach: 'internet',
    disk: null,
    runtime: null,
    ...changes,
  }
}

export async function removeAll(engine: Engine): Promise<void> {
  for (const { id } of (await engine.list()).observed) await engine.remove(id)
}

export function engineContract(name: string, fixture: EngineFixture): void {
  const { engine, neighbour } = fixture
  const spec = specFor(fixture)

  async function started(changes: Partial<ContainerSpec> = {}): Promise<string> {
    const id = await engine.create({ ...spec, ...changes })
    await engine.start(id)
    return id
  }

  /** Whether it is down: an engine that does not start a killed container again has removed it. */
  async function isDown(id: string): Promise<boolean> {
    return (await stateOf(id)) === (engine.traits.restartsWithFiles ? 'exited' : undefined)
  }

  /** Options of a test: skips it on an engine without the trait. */
  function needs(trait: keyof EngineTraits): { readonly skip: string | false } {
    return { skip: engine.traits[trait] ? false : `${name} does not have the trait ${trait}` }
  }

  /** Returns an image of this instance and pool. Each test uses tags of its own. */
  function preparedImage(tag: string): PreparedImage {
    return { pool: spec.pool, name: `berth/prepared:${spec.instance}.${spec.pool}.${tag}` }
  }

  async function stateOf(id: string): Promise<string | undefined> {
    return (await engine.inspect(id))?.state
  }

  describe(`engine contract: ${name}`, () => {
    afterEach(async () => {
      await removeAll(engine)
      await removeAll(neighbour.engine)
      await engine.removePreparedImages({ pool: spec.pool, name: 'none' })
    })

    it('names itself and its version', async () => {
      assert.match(await engine.version(), /^\w+ \d/)
    })

    it('lists the nodes on which containers run, unless it is one machine', async () => {
      const { node } = (await engine.inspect(await started())) ?? {}
      const nodes = (await engine.nodes?.()) ?? null
      const names: (string | null)[] = nodes?.map(({ name: one }) => one) ?? [null]
      assert.ok(names.includes(node ?? null), `${node} is one of ${names}`)
      const { isReachable, unreachableSince, isCordoned } = nodes?.find((one) => one.name === node) ?? {}
      if (nodes) assert.deepEqual([isReachable, unreachableSince, isCordoned], [true, null, false])
    })

    it('prepares again and again', async () => {
      await engine.provision()
      await engine.provision()
    })

    it('creates without starting, and observes what was asked for', async () => {
      const before = Date.now()
      const id = await engine.create(spec)
      const [observed, ...others] = (await engine.list()).observed
      assert.deepEqual(others, [])
      assert.deepEqual(observed, await engine.inspect(id))
      assert.ok(observed)
      const { createdAt, host: _host, node: _node, ...rest } = observed
      const { name: container, pool } = spec
      const free = { lentTo: null, peers: null }
      const made = { id, name: container, pool, generation: 1, spec: specDigest(spec), ...free, ...fixture.marks }
      assert.deepEqual(rest, { ...made, port: null, state: 'created' })
      assert.ok(createdAt > before - 2_000 && createdAt < Date.now() + 2_000, `${createdAt} is about now`)
    })

    it('observes the port of one that runs', needs('publishesPorts'), async () => {
      const id = await started()
      const [observed] = (await engine.list()).observed
      assert.deepEqual(observed, await engine.inspect(id))
      assert.equal(observed?.port, spec.port)
      await engine.kill(id)
      assert.equal((await engine.inspect(id))?.port, null)
      assert.deepEqual((await engine.list()).observed, [await engine.inspect(id)])
    })

    it('knows where sshd is reached while the container runs', async () => {
      const id = await engine.create(specFor(fixture))
      assert.equal(await engine.sshAddress(id), null)
      await engine.start(id)
      assert.notEqual(await engine.sshAddress(id), null)
      assert.equal(await fixture.neighbour.engine.sshAddress(id), null)
      await engine.kill(id)
      assert.equal(await engine.sshAddress(id), null)
      await engine.remove(id)
      assert.equal(await engine.sshAddress(id), null)
    })

    it('knows on which address sshd is published, also when another manager has made the container', async () => {
      const id = await engine.create(specFor(fixture))
      const isPublished = engine.traits.publishesPorts
      assert.equal(engine.publishedAt(id), isPublished ? spec.bind : null)
      await engine.start(id)
      await fixture.other.list()
      assert.equal(fixture.other.publishedAt(id), isPublished ? spec.bind : null)
      await fixture.neighbour.engine.list()
      assert.equal(fixture.neighbour.engine.publishedAt(id), null)
    })

    it('observes no generation where none was given', async () => {
      const id = await engine.create({ ...spec, generation: null })
      assert.equal((await engine.inspect(id))?.generation, null)
    })

    it('gives the same id when the same generation is created again', async () => {
      const id = await engine.create(spec)
      assert.equal(await engine.create(spec), id)
      await engine.start(id)
      assert.equal(await engine.create(spec), id)
      assert.equal((await engine.list()).observed.length, 1)
    })

    it('creates one container when asked twice at once', async () => {
      const [a, b] = await Promise.all([engine.create(spec), engine.create(spec)])
      assert.equal(a, b)
    })

    it('refuses a name that another generation has', async () => {
      await engine.create(spec)
      await assert.rejects(engine.create({ ...spec, generation: 2 }), { code: 'engine_conflict' })
      await assert.rejects(engine.create({ ...spec, generation: null }), { code: 'engine_conflict' })
    })

    it('gives containers of two instances the same name', async () => {
      const theirs = await neighbour.engine.create({ ...spec, instance: neighbour.instance })
      const ours = await engine.create(spec)
      assert.equal((await neighbour.engine.inspect(theirs))?.name, spec.name)
      assert.equal((await engine.inspect(ours))?.name, spec.name)
      await engine.remove(ours)
      assert.equal((await neighbour.engine.list()).observed.length, 1)
    })

    it('says that an image is missing', async () => {
      await assert.rejects(started({ image: 'berth/no-such-image' }), {
        code: 'image_missing',
        message: /no-such-image/,
      })
      if (engine.traits.hasImages) assert.deepEqual((await engine.list()).observed, [])
    })

    it('never shows the containers of another instance', async () => {
      const theirs = { ...spec, instance: neighbour.instance, pool: neighbour.pool, name: `${neighbour.pool}-1` }
      const id = await neighbour.engine.create(theirs)
      assert.deepEqual((await engine.list()).observed, [])
      assert.equal(await engine.inspect(id), null)
      assert.equal((await neighbour.engine.list()).observed.length, 1)
    })

    it('does nothing to the containers of another instance, whoever names their ids', async () => {
      const theirs = { ...spec, instance: neighbour.instance, pool: neighbour.pool, name: `${neighbour.pool}-1` }
      const id = await neighbour.engine.create(theirs)
      await neighbour.engine.start(id)
      await engine.kill(id)
      await engine.remove(id)
      assert.equal((await neighbour.engine.inspect(id))?.state, 'running')
      await neighbour.engine.kill(id)
      assert.notEqual((await neighbour.engine.inspect(id))?.state, 'running')
    })

    it('lends a container once, whoever asks, and tells to whom', async () => {
      const id = await started()
      assert.equal(engine.lentTo(id), null)
      assert.deepEqual(await engine.lend([id], 'r-1'), new Set())
      assert.deepEqual(await engine.lend([id], 'r-1'), new Set(), 'again, for the same one')
      assert.deepEqual(await engine.lend([id], 'r-2'), new Set([id]))
      assert.equal(engine.lentTo(id), 'r-1')
      assert.deepEqual([(await engine.inspect(id))?.lentTo, (await engine.list()).observed[0]?.lentTo], ['r-1', 'r-1'])
      // Also for a manager with another database, and for one that knows nothing yet.
      await fixture.other.provision()
      assert.deepEqual(await fixture.other.lend([id], 'r-3'), new Set([id]))
      assert.equal((await fixture.other.inspect(id))?.lentTo, 'r-1')
    })

    it('lends many at once', async () => {
      const ids = await Promise.all(
        [1, 2, 3].map((number) => engine.create({ ...spec, name: `${spec.pool}-${number}` })),
      )
      const taken = await Promise.all(ids.map((id, nth) => engine.lend([id], `r-${nth}`)))
      assert.deepEqual(taken, [new Set(), new Set(), new Set()])
      assert.deepEqual(
        ids.map((id) => engine.lentTo(id)),
        ['r-0', 'r-1', 'r-2'],
      )
    })

    it('shows whose a container is, and meets only its own in create', async () => {
      const id = await engine.create(spec)
      const [seen] = (await engine.list()).observed
      assert.ok(seen?.database && seen.origin)
      assert.equal(await engine.create(spec), id)
      await assert.rejects(fixture.other.create(spec), { code: 'engine_conflict' })
      await engine.lend([id], 'r-1')
      await assert.rejects(engine.create(spec), { code: 'engine_conflict' })
    })

    it('shows which managers are alive', async () => {
      const count = () => engine.presence()?.managers.length
      await fixture.other.provision()
      await fixture.other.create(spec)
      await engine.provision()
      await engine.list()
      assert.equal(count(), 2)
      assert.notEqual(engine.presence()?.managers[0]?.database, engine.presence()?.managers[1]?.database)
      assert.match(engine.presence()?.ledger ?? '', /\w/)
    })

    it('connects the containers of a reservation, and removes their network when they are gone', async () => {
      const first = await started()
      const second = await started({ name: `${spec.pool}-2`, port: fixture.ports[1] ?? 0 })
      const linkOf = async (id: string) => (await engine.inspect(id))?.peers ?? null
      assert.equal(await linkOf(first), null)
      await engine.connectPeers('r-1', 2, [{ id: first, position: 0 }])
      for (let time = 1; time <= 2; time++)
        await engine.connectPeers(
          'r-1',
          2,
          [first, second].map((id, position) => ({ id, position })),
        )
      const { observed, peerNetworks } = await engine.list()
      const [network, ...others] = peerNetworks
      assert.ok(network)
      assert.deepEqual(others, [])
      assert.deepEqual({ ...network, id: '' }, { id: '', reservation: 'r-1', ...fixture.marks })
      assert.deepEqual(
        observed.map(({ peers }) => peers?.reservation),
        ['r-1', 'r-1'],
      )
      assert.deepEqual((await neighbour.engine.list()).peerNetworks, [])
      const before = await linkOf(first)
      assert.ok(before?.attachment && before.address)
      assert.notEqual(before.address, (await linkOf(second))?.address)
      await assert.rejects(engine.removePeerNetwork(network.id), { code: 'engine_failed' })

      await engine.kill(first)
      if (engine.traits.restartsWithFiles) {
        assert.deepEqual(await linkOf(first), { ...before, attachment: null })
        await engine.start(first)
        const after = await linkOf(first)
        assert.deepEqual([after?.reservation, after?.address], [before.reservation, before.address])
        assert.notEqual(after?.attachment, before.attachment)
      }
      await engine.remove(first)
      await engine.remove(second)
      for (let time = 1; time <= 2; time++) await engine.removePeerNetwork(network.id)
      assert.deepEqual((await engine.list()).peerNetworks, [])
    })

    it('starts what runs already', async () => {
      const id = await started()
      await engine.start(id)
      assert.equal(await stateOf(id), 'running')
    })

    it('refuses a port that a program has, and starts once it is free', needs('publishesPorts'), async () => {
      const vacate = await fixture.occupy(spec.port)
      const id = await engine.create(spec)
      await assert.rejects(engine.start(id), { code: 'engine_conflict' })
      await vacate()
      await engine.start(id)
      assert.equal(await stateOf(id), 'running')
    })

    it('refuses a port that another container has, and starts once that is down', needs('publishesPorts'), async () => {
      const first = await started()
      const second = await engine.create({ ...spec, name: `${spec.pool}-2` })
      await assert.rejects(engine.start(second), { code: 'engine_conflict' })
      await engine.kill(first)
      await engine.start(second)
      assert.equal(await stateOf(second), 'running')
    })

    it('refuses to start what is gone', async () => {
      const id = await engine.create(spec)
      await engine.remove(id)
      await assert.rejects(engine.start(id), { code: 'engine_failed' })
    })

    it('kills: down at once, and again without harm', async () => {
      const id = await started()
      await engine.kill(id)
      assert.ok(await isDown(id))
      await engine.kill(id)
      assert.ok(await isDown(id))
    })

    it('starts what was killed, with its files', needs('restartsWithFiles'), async () => {
      const id = await started()
      const run = (script: string) => engine.exec(id, { command: ['sh', '-c', script], timeoutMs: 10_000 })
      const file = `/tmp/berth-contract-${id.slice(0, 12)}`
      await run(`echo kept >${file}`)
      await engine.kill(id)
      await engine.start(id)
      assert.equal(await stateOf(id), 'running')
      assert.equal((await run(`cat ${file} && rm ${file}`)).stdout, 'kept\n')
    })

    it('limits the processes of a container', needs('limitsPids'), async () => {
      const id = await started({ pids: 32 })
      const command = ['sh', '-c', 'for n in $(seq 64); do sleep 1 & done']
      assert.notEqual((await engine.exec(id, { command, timeoutMs: 10_000 })).code, 0)
    })

    it('kills what is paused', needs('pauses'), async () => {
      const id = await started()
      await fixture.pause(id)
      assert.equal(await stateOf(id), 'paused')
      await engine.kill(id)
      assert.equal(await stateOf(id), 'exited')
    })

    it('starts what is paused', needs('pauses'), async () => {
      const id = await started()
      await fixture.pause(id)
      await engine.start(id)
      assert.equal(await stateOf(id), 'running')
    })

    it(
      'observes no port of what somebody took off its network, and starting it puts it back, running or down',
      needs('restartsWithFiles'),
      async () => {
        const id = await started()
        await fixture.unplug(id)
        const cut = await engine.inspect(id)
        assert.deepEqual([cut?.state, cut?.port], ['running', null])
        assert.deepEqual(
          (await engine.list()).observed.map(({ port }) => port),
          [null],
        )
        await engine.start(id)
        assert.equal((await engine.inspect(id))?.port, spec.port)
        await fixture.unplug(id)
        await engine.kill(id)
        await engine.start(id)
        assert.equal((await engine.inspect(id))?.port, spec.port)
      },
    )

    it('counts killing what never ran, or is gone, as success', async () => {
      const id = await engine.create(spec)
      await engine.kill(id)
      await engine.remove(id)
      await engine.kill(id)
    })

    it('removes what runs, more than once and at the same time', async () => {
      const id = await started()
      await Promise.all([engine.remove(id), engine.remove(id)])
      await engine.remove(id)
      assert.equal(await engine.inspect(id), null)
      assert.deepEqual((await engine.list()).observed, [])
    })

    it('frees name and port with the removal, and never lets a late call reach the successor', async () => {
      const first = await started()
      await engine.remove(first)
      const second = await started({ generation: 2 })
      assert.notEqual(second, first)
      await engine.kill(first)
      await engine.remove(first)
      await assert.rejects(engine.exec(first, { command: ['true'], timeoutMs: 5_000 }), { code: 'guest_failed' })
      assert.equal(await stateOf(second), 'running')
    })

    it('takes only ids, not names', async () => {
      const id = await started()
      assert.equal(await engine.inspect(spec.name), null)
      await engine.remove(spec.name).catch(() => undefined)
      assert.equal(await stateOf(id), 'running')
    })

    it('runs commands: stdin in, both outputs and the exit code out', async () => {
      const id = await started()
      const command = ['sh', '-c', 'cat; echo "$0 $1" >&2; exit 3', 'a b', '$(id)']
      const result = await engine.exec(id, { command, stdin: 'häßlich\n'.repeat(20_000), timeoutMs: 10_000 })
      assert.deepEqual(result, { code: 3, stdout: 'häßlich\n'.repeat(20_000), stderr: 'a b $(id)\n' })
    })

    it('runs commands without stdin, and with an empty one', async () => {
      const id = await started()
      const command = ['cat']
      assert.deepEqual(await engine.exec(id, { command, timeoutMs: 10_000 }), { code: 0, stdout: '', stderr: '' })
      const empty = await engine.exec(id, { command, stdin: '', timeoutMs: 10_000 })
      assert.deepEqual(empty, { code: 0, stdout: '', stderr: '' })
    })

    it('gives up on a command at its deadline', async () => {
      const id = await started()
      const begin = performance.now()
      await assert.rejects(engine.exec(id, { command: ['sleep', '20'], timeoutMs: 300 }), {
        code: 'engine_unavailable',
      })
      assert.ok(performance.now() - begin < 2_000)
    })

    it('runs nothing in what is created, paused or killed', async () => {
      const request = { program: 'true', last: false, timeoutMs: 5_000 }
      const askAgent = async (target: string) => {
        if ((await engine.agent?.run(target, request)) == null) throw new BerthError('guest_failed', 'no agent answers')
      }
      const attempt = (target: string) =>
        Promise.any([engine.exec(target, { command: ['true'], timeoutMs: 5_000 }), askAgent(target)]).catch(
          (error: AggregateError) => {
            for (const { code } of error.errors) assert.equal(code, 'guest_failed')
            throw error.errors[0]
          },
        )
      const id = await engine.create(spec)
      await assert.rejects(attempt(id), { code: 'guest_failed' })
      await engine.start(id)
      if (engine.traits.pauses) {
        await fixture.pause(id)
        await assert.rejects(attempt(id), { code: 'guest_failed' })
      }
      await engine.kill(id)
      await assert.rejects(attempt(id), { code: 'guest_failed' })
    })

    it(
      'makes an image of a stopped container, once, and shows it to its instance alone',
      needs('hasImages'),
      async () => {
        const image = preparedImage('one')
        const id = await started({ name: `${spec.pool}-image` })
        await engine.kill(id)
        await engine.commit(id, image)
        await engine.commit(id, image)
        assert.deepEqual(await engine.preparedImages(spec.pool), [image.name])
        assert.ok(await engine.imageNamed(image.name))
        assert.deepEqual(await engine.preparedImages('another'), [])
        assert.deepEqual(await neighbour.engine.preparedImages(spec.pool), [])
        await engine.remove(id)
        assert.deepEqual((await engine.list()).observed, [], 'the image is no container')
      },
    )

    it('makes containers of such an image like any others', needs('hasImages'), async () => {
      const image = preparedImage('two')
      const source = await engine.create({ ...spec, name: `${spec.pool}-image` })
      await engine.commit(source, image)
      const id = await started({ image: image.name })
      const observed = await engine.inspect(id)
      assert.ok(observed)
      const { createdAt: _, host: _host, node: _node, port: _port, ...rest } = observed
      const { name: container, pool } = spec
      const free = { lentTo: null, peers: null }
      const made = { id, name: container, pool, generation: 1, ...free, ...fixture.marks }
      assert.deepEqual(rest, { ...made, spec: specDigest({ ...spec, image: image.name }), state: 'running' })
    })

    it('removes earlier images, except those that containers are made of', needs('hasImages'), async () => {
      const [kept, used, old] = [preparedImage('kept'), preparedImage('used'), preparedImage('old')] as const
      const made = await engine.create({ ...spec, name: `${spec.pool}-image` })
      await engine.commit(made, old)
      await engine.commit(made, used)
      await engine.commit(made, kept)
      const id = await engine.create({ ...spec, image: used.name })
      await engine.removePreparedImages(kept)
      const names = async () => (await engine.preparedImages(spec.pool)).toSorted()
      assert.deepEqual(await names(), [kept.name, used.name])
      await engine.remove(id)
      await engine.removePreparedImages(kept)
      assert.deepEqual(await names(), [kept.name])
    })

    it('makes no image of a removed container', needs('hasImages'), async () => {
      const id = await engine.create(spec)
      await engine.remove(id)
      await assert.rejects(engine.commit(id, preparedImage('none')), { code: 'engine_failed' })
    })

    linesContract(fixture, started)
    shellContract(fixture, started)

    it('tells who watches that a container changed, until stopped', async () => {
      const id = await started()
      const changed = Promise.withResolvers<void>()
      const stop = engine.watch(() => changed.resolve())
      await crashUntil(changed.promise, id)
      stop()
      stop()
    })
  })

  /** A watch may need a moment until it hears; each crash is another chance. */
  async function crashUntil(changed: Promise<void>, id: string): Promise<void> {
    const heard = changed.then(() => true)
    const startsAgain = engine.traits.restartsWithFiles
    for (let attempt = 0; attempt < (startsAgain ? 5 : 1); attempt++) {
      await fixture.crash(id)
      const soon = new Promise<false>((resolve) => setTimeout(resolve, startsAgain ? 1_000 : 10_000, false).unref())
      if (await Promise.race([heard, soon])) return
      if (startsAgain) await engine.start(id)
    }
    assert.fail('nobody was told')
  }
}
