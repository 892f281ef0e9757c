/** `berth reset`, `berth run --hold` and names: a real manager, real ssh, real containers. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Event, Reservation, Reserved } from '../../src/client/client.ts'
import { dockerLines } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { loginAndRun } from '../support/ssh.ts'
import { testBerth } from '../support/manager/berth.ts'

const manager = await testManager('reset', { size: 3, pool: { hold: { max: '1h', containers: 1 } } })
const berth = testBerth({ BERTH_URL: manager.url })

before(async () => {
  await manager.start()
  await manager.untilReady()
})

async function shown(id: string): Promise<Reservation> {
  return (await manager.get<Reservation>(`/v1/reservations/${id}`)).body
}

async function inContainer(name: string, command: string): Promise<string> {
  const { code, stdout, stderr } = await berth.run('ssh', name, '--', command)
  assert.equal(code, 0, stderr)
  return stdout.trim()
}

const engineIds = () =>
  dockerLines('ps', '-a', '--no-trunc', '--filter', `label=berth.instance=${manager.instance}`, '--format', '{{.ID}}')

describe('a named reservation', () => {
  it('is addressed by its name, and its containers by NAME-N', async () => {
    const reserved = await berth.json<Reserved>('reserve', '--count', '2', '--name', 'web', '--password-words')
    const names = reserved.containers.map(({ name }) => name)
    assert.equal(await inContainer('web', 'hostname'), names[0])
    assert.equal(await inContainer('web-2', 'hostname'), names[1])
    assert.match((await berth.run('ls')).stdout, /^ID +NAME +STATE .*\n\w{8} +web +active /)
    assert.match((await berth.run('show', 'web')).stdout, /^name +web$/m)
    const hosts = await berth.run('ssh-config')
    assert.match(hosts.stdout, new RegExp(`^Host ${names[0]}\\.berth web\\.berth web-1\\.berth$`, 'm'))
    assert.match(hosts.stdout, new RegExp(`^Host ${names[1]}\\.berth web-2\\.berth$`, 'm'))
    const groups = JSON.parse((await berth.run('inventory', '--list')).stdout) as Record<string, { hosts: string[] }>
    assert.deepEqual(groups['web']?.hosts, names)
    const twice = await berth.run('reserve', '--name', 'web')
    assert.equal(twice.code, 1)
    assert.match(twice.stderr, /^berth: you already have a reservation named "web", [0-9a-f-]{36}; choose another/)
    assert.equal((await berth.run('extend', 'web', '--by', '5m')).code, 0)
    assert.equal((await berth.run('release', 'web-2')).code, 1, 'NAME-N means no reservation')
    assert.equal((await berth.run('release', 'web')).code, 0)
    await manager.untilReady()
  })
})

describe('berth reset', () => {
  it('replaces one container: files gone, same login, new host key, same end', async () => {
    const reserved = await berth.json<Reserved>('reserve', '--count', '2', '--user', 'alice', '--password-words')
    const [used, kept] = reserved.containers
    assert.ok(used && kept && reserved.password)
    for (const { name } of [used, kept]) await inContainer(name, 'echo mine >file; sudo touch /root/mine')
    const several = await berth.run('reset', 'alice', '--yes')
    assert.deepEqual([several.code, /has several containers; name one: /.test(several.stderr)], [2, true])
    const unconfirmed = await berth.run('reset', used.name)
    assert.equal(unconfirmed.code, 2)
    assert.match(unconfirmed.stderr, /--yes` resets it without a question/)
    const { code, stdout, stderr } = await berth.run('reset', used.name, '--yes')
    assert.equal(code, 0, stderr)
    const after = await shown(reserved.id)
    const [fresh, other] = after.containers
    assert.ok(fresh && other)
    assert.equal(after.expires_at, reserved.expires_at)
    assert.equal(fresh.generation, (used.generation ?? 0) + 1)
    assert.notEqual(fresh.host_key, used.host_key)
    assert.ok(stdout.includes(`${used.name} was reset. Its new host key: ${fresh.host_key}`), stdout)
    assert.deepEqual(other, kept)
    assert.equal(await inContainer(used.name, 'ls; sudo ls /root; whoami'), 'alice')
    assert.equal(await inContainer(kept.name, 'cat file'), 'mine')
    const login = { port: fresh.port ?? 0, username: 'alice', password: reserved.password }
    assert.equal((await loginAndRun(login, 'whoami')).stdout, 'alice')
    const path = `/v1/events?limit=500&reservation=${reserved.id}`
    const kinds = (await manager.get<{ events: Event[] }>(path)).body.events.map(({ kind }) => kind)
    assert.deepEqual(
      kinds.filter((kind) => kind.startsWith('container.re') && kind !== 'container.reserved'),
      ['container.reset', 'container.replaced'],
    )
  })

  for (const ms of [0, 150, 500, 900]) {
    it(`is finished by the next manager when one is killed ${ms} ms into it`, async () => {
      const [reservation] = (await berth.json<{ reservations: Reservation[] }>('ls')).reservations
      const [used] = reservation?.containers ?? []
      assert.ok(reservation && used)
      await inContainer(used.name, 'echo mine >file')
      assert.equal((await manager.send('POST', `/v1/containers/${used.name}/reset`, {})).status, 202)
      await sleep(ms)
      await manager.kill()
      await manager.start()
      await eventually(async () => {
        const fresh = (await shown(reservation.id)).containers[0]
        return fresh?.ready === true && (fresh.generation ?? 0) > (used.generation ?? 0)
      })
      assert.equal(await inContainer(used.name, 'ls; whoami'), 'alice')
      assert.equal((await shown(reservation.id)).expires_at, reservation.expires_at)
      assert.equal((await engineIds()).length, 3, 'nothing is left of the used ones')
    })
  }

  it('asks on a terminal, and changes nothing without a yes', async () => {
    const [reservation] = (await berth.json<{ reservations: Reservation[] }>('ls')).reservations
    const name = reservation?.containers[0]?.name ?? ''
    const no = await berth.inTerminalWith({ at: /Reset it\? \[y\/N\]/, type: 'n\n' }, 'reset', name)
    assert.equal(no.code, 0)
    assert.match(no.shown, /Nothing was changed\./)
    assert.deepEqual((await shown(reservation?.id ?? '')).containers, reservation?.containers)
    await berth.run('release', '--all')
    await manager.untilReady()
  })
})

describe('berth run --hold', () => {
  it('keeps the reservation of a command that failed, and says how to log in', async () => {
    const { code, stderr } = await berth.run('run', '--hold', '10m', '--name', 'job', '--', 'echo here >trace; exit 7')
    assert.equal(code, 7)
    assert.match(stderr, /^berth: the command failed \(exit code 7\); the reservation is on hold until /m)
    assert.match(stderr, /log in: berth ssh job {4}release: berth release job$/m)
    assert.equal(await inContainer('job', 'cat trace'), 'here')
    const [held] = (await berth.json<{ reservations: Reservation[] }>('ls')).reservations
    assert.equal(held?.keepalive_until, null)
    assert.match((await berth.run('ls')).stdout, / active \(on hold\) /)
    assert.ok(Math.abs(Date.parse(held?.expires_at ?? '') - Date.now() - 600_000) < 30_000)
    assert.deepEqual(readdirSync(join(berth.home, 'tmp')), [])
  })

  it('releases when the pool has as many on hold as it may, and after a success', async () => {
    const full = await berth.run('run', '--hold', '10m', '--', 'exit 3')
    assert.equal(full.code, 3)
    assert.match(
      full.stderr,
      /^berth: cannot put the reservation on hold: pool ".*" keeps at most 1 container on hold at once/m,
    )
    assert.equal((await berth.run('release', 'job')).code, 0)
    assert.deepEqual(await berth.run('run', '--hold', '10m', '--', 'true'), { code: 0, stdout: '', stderr: '' })
    assert.deepEqual((await berth.json<{ reservations: Reservation[] }>('ls')).reservations, [])
  })

  it('is refused before the command runs if the pool allows less', async () => {
    const { code, stdout, stderr } = await berth.run('run', '--hold', '2h', '--', 'echo ran')
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /^berth: --hold must be at most 1h in pool ".*", got "2h"$/m)
  })
})

describe('berth run --count', () => {
  it('gives all of stdin to each command', async () => {
    await manager.untilReady()
    const stdin = 'some input\n'.repeat(20_000)
    const { code, stdout } = await berth.runWith({ stdin }, 'run', '--count', '3', '--', 'wc -c')
    assert.equal(code, 0)
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split('|')[1]?.trim()),
      Array(3).fill(String(stdin.length)),
    )
  })

  it('ends although no command reads its input', async () => {
    await manager.untilReady()
    const { child, ended } = berth.start('run', '--count', '2', '--', 'true')
    // It ends before everything is written.
    child.stdin?.on('error', () => undefined)
    child.stdin?.write('x'.repeat(1_000_000))
    assert.equal((await ended).code, 0)
  })
})
