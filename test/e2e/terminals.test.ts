/** Terminals with real containers, and their shells after the end and after a restart of the manager. */
import assert from 'node:assert/strict'
import { afterEach, before, describe, it } from 'node:test'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { ownImages } from '../support/engine/own-images.ts'
import type { TerminalViewer } from '../support/http/terminal-client.ts'
import { TERMINAL_SIZE, terminalsOf } from '../support/http/terminals.ts'

const images = await ownImages()
const without = await images.running('nodtach', 'true', 'RUN rm -f "$(command -v dtach)"')
const manager = await testManager('terminals', {
  size: 2,
  further: { plain: { size: 1, image: without } },
})
const { send, reserve, create, attach, again, list, release, processesOf } = terminalsOf(manager)

before(async () => {
  await manager.start()
  await manager.untilReady()
})

afterEach(async () => {
  // A test that failed may hold containers, which the next one needs.
  await manager.send('POST', '/v1/release-all', {}).catch(() => undefined)
})

describe('a terminal', () => {
  it('is the same as a login over SSH', async () => {
    const { id, name } = await reserve()
    const viewer = await attach(await create(name))
    await viewer.prints(/This container of pool .* is held by alice until [\s\S]* min left[\s\S]*\$ $/)
    await viewer.run(
      'id -un; echo "$HOME $PWD $USER $LOGNAME $SHELL"',
      /[\r\n]alice\r\n\/home\/alice \/home\/alice alice alice \/bin\/bash\r/,
    )
    await viewer.run('echo "$TERM $LANG"; shopt login_shell', /[\r\n]xterm-256color C.UTF-8\r\nlogin_shell\s+on\r/)
    await viewer.run('sudo -n id -u; id -Gn', /[\r\n]0\r\n.*\bsudo\b/)
    await viewer.run('stty size', /[\r\n]31 97\r/)
    viewer.send({ type: 'resize', cols: 120, rows: 40 })
    // The size is sent to the engine in a request of its own, which may arrive after the input.
    await viewer.run('until [ "$(stty size)" = \'40 120\' ]; do sleep 0.1; done; echo resized', /[\r\n]resized\r/)
    await viewer.run('time-left', /[\r\n]\d\d min left, until/)
    await release(id)
  })

  it('gets notifications, once', async () => {
    const { id, name } = await reserve()
    const viewer = await attach(await create(name))
    await viewer.prints(/\$ $/)
    await viewer.run('extend 10m', /\*\*\* Extended until .* \*\*\*/)
    await viewer.run('sleep 1; echo again', /[\r\n]again\r/)
    assert.equal(viewer.text.match(/\*\*\* Extended/g), null)
    const all = await again((await list())[0]?.id ?? '')
    await all.prints(/again\r/)
    assert.equal(all.text.match(/\*\*\* Extended/g)?.length, 1)
    await release(id)
  })

  it('goes on without viewers, keeps its output, and may have several viewers', async () => {
    const { id, name } = await reserve()
    const made = await create(name)
    const first = await attach(made)
    await first.run('echo before-$((1 + 1)); sleep 1; echo after-$((1 + 1))', /before-2/)
    first.socket.terminate()
    const [second, third] = await Promise.all([again(made.id), again(made.id)])
    assert.match(second.text, /before-2/)
    for (const viewer of [second, third]) await viewer.prints(/after-2/)
    third.type('echo from-$((2 + 1))\r')
    await second.prints(/from-3/)
    await release(id)
  })

  it('carries much output without losing any of it', async () => {
    const { id, name } = await reserve()
    const viewer = await attach(await create(name))
    await viewer.prints(/\$ $/)
    const { bytes } = viewer
    await viewer.run('seq 1000000; echo the-$((1 + 1))-end', /the-2-end/)
    assert.ok(viewer.bytes - bytes > 7_888_896, `${viewer.bytes - bytes} bytes`)
    await release(id)
  })

  it('ends within a second of the reservation, with time and reason', async () => {
    const { id, name } = await reserve()
    const viewer = await attach(await create(name))
    await viewer.prints(/\$ $/)
    const begin = performance.now()
    await release(id)
    const { code, reason, at } = await viewer.closed
    assert.ok(at - begin < 1_000, `${at - begin} ms`)
    assert.equal(code, 4410)
    assert.match(reason, /^The reservation was released at \d\d:\d\d /)
    assert.deepEqual([(await viewer.saw('ended'))['why'], (await viewer.saw('ended'))['reason']], ['released', reason])
  })

  it('ends when its shell exits, and when its container is killed or reset', async () => {
    const { id, name } = await reserve()
    const [left, killed] = [await attach(await create(name)), await attach(await create(name))]
    left.type('exit\r')
    assert.equal((await left.closed).code, 4410)
    assert.equal((await left.saw('ended'))['why'], 'exited')
    await docker('kill', `${manager.instance}.${name}`)
    assert.equal((await killed.closed).code, 4410)
    assert.equal((await killed.saw('ended'))['why'], 'lost')
    let reset: TerminalViewer | undefined
    // The container is started again.
    await eventually(async () => {
      reset = await attach(await create(name))
      return true
    })
    await send('POST', `/v1/containers/${name}/reset`)
    assert.equal((await reset?.closed)?.code, 4409)
    assert.equal((await reset?.saw('ended'))?.['why'], 'reset')
    await release(id)
  })

  it('ends all its processes when it is closed', async () => {
    const { id, name } = await reserve()
    const made = await create(name)
    const viewer = await attach(made)
    await viewer.prints(/\$ $/)
    await viewer.run('sleep 12345 & sleep 54321', /54321/)
    await eventually(async () => /sleep 12345[\s\S]*sleep 54321/.test(await processesOf(name)))
    await send('DELETE', `/v1/terminals/${made.id}`)
    assert.equal((await viewer.saw('ended'))['why'], 'closed')
    await eventually(async () => !/sleep \d{5}|dtach|-\/bin\/bash/.test(await processesOf(name)))
    await release(id)
  })
})

describe('a restart of the manager', () => {
  it('does not affect a shell below dtach', async () => {
    const { id, name } = await reserve()
    const made = await create(name)
    assert.equal(made.persistent, true)
    const viewer = await attach(made)
    await viewer.prints(/\$ $/)
    await viewer.run('X=kept; top', /PID USER/)
    await manager.kill()
    assert.equal((await viewer.closed).code, 1006)
    await manager.start()
    assert.deepEqual(
      (await list()).map((each) => each.id),
      [made.id],
    )
    const next = await again(made.id)
    assert.equal((await next.saw('attached'))['lost'], false)
    next.send({ type: 'resize', ...TERMINAL_SIZE })
    await next.prints(/PID USER/)
    next.text = ''
    next.type('q')
    await next.prints(/\$ $/)
    await next.run('echo "$X $(stty size)"', /[\r\n]kept 31 97\r/)

    const { ms } = await manager.interrupt()
    const { code, at } = await next.closed
    assert.equal(code, 1012)
    assert.ok(performance.now() - at < ms + 100)
    await manager.start()
    const last = await again(made.id)
    await last.run('echo "$X"', /[\r\n]kept\r/)
    // Clients of earlier managers are gone.
    assert.equal((await processesOf(name)).match(/dtach -a/g)?.length, 1)
    await release(id)
  })

  it('replaces a shell without dtach, and reports that it was lost', async () => {
    const { id, name } = await reserve(`${manager.pool}plain`)
    const made = await create(name)
    assert.equal(made.persistent, false)
    const viewer = await attach(made)
    await viewer.run('X=kept; sleep 12345', /12345/)
    await eventually(async () => (await processesOf(name)).includes('sleep 12345'))
    await manager.kill()
    await manager.start()
    const next = await again(made.id)
    assert.equal((await next.saw('attached'))['lost'], true)
    await next.run('echo "[$X]"', /[\r\n]\[\]\r/)
    await eventually(async () => !(await processesOf(name)).includes('sleep 12345'))
    await release(id)
  })
})
