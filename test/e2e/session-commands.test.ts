/** The session commands: extend, time-left and release inside a container. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { ownImages } from '../support/engine/own-images.ts'
import { canLogIn, login, loginAndRun } from '../support/ssh.ts'

const MINUTE = 60_000
const images = await ownImages()
const image = await images.running('plain', 'true')
const manager = await testManager('commands', {
  size: 2,
  pool: { duration: { default: '60m', max: '2h' } },
  top: { timezone: 'Europe/Berlin' },
  further: { off: { size: 1, self_service: false }, own: { size: 1, image } },
})
const ansible = await testManager('commandsansible', { size: 1, top: { accounts: 'ansible' } })

interface View {
  readonly id: string
  readonly expires_at: string
  readonly containers: readonly { readonly name: string; readonly port: number }[]
}

async function reserve(from: typeof manager, body: object): Promise<View> {
  const answer = await from.send('POST', '/v1/reservations', { username: 'alice', password: 'test', ...body })
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  return answer.body as View
}

const inside = (port: number, command: string) => loginAndRun({ port, username: 'alice', password: 'test' }, command)

async function endOf({ id }: View, from = manager): Promise<number> {
  return Date.parse((await from.get<View>(`/v1/reservations/${id}`)).body.expires_at)
}

before(async () => {
  await Promise.all([manager, ansible].map((one) => one.start().then(() => one.untilReady())))
})

describe('a reservation of two containers', () => {
  let held: View
  let port = 0

  before(async () => {
    held = await reserve(manager, { pool: manager.pool, count: 2, duration: '63m' })
    port = held.containers[1]?.port ?? 0
  })

  it('says how long is left, also while there is no manager', async () => {
    await manager.kill()
    const { code, stdout } = await inside(port, 'time-left')
    assert.match(stdout, /^1 h [23] min left, until \d{4}-\d\d-\d\d \d\d:\d\d CES?T \(.*\d\d:\d\d UTC\)\.$/)
    assert.equal(code, 0)
    const unanswered = await inside(port, 'extend 30m')
    assert.deepEqual([unanswered.code, unanswered.stdout], [1, ''])
    assert.match(unanswered.stderr, /^The manager did not answer\./)
    await manager.start()
  })

  it('is extended from either container, within the pool', async () => {
    const earlier = await endOf(held)
    const { code, stdout } = await inside(port, 'extend')
    assert.match(stdout, /^Extended until .* CES?T \(.* UTC\), 1 h 3\d min left\.$/)
    assert.equal(code, 0)
    assert.equal(await endOf(held), earlier + 30 * MINUTE)
    await eventually(async () =>
      / 3\d min left/.test((await inside(held.containers[0]?.port ?? 0, 'time-left')).stdout),
    )
    const capped = await inside(held.containers[0]?.port ?? 0, 'sudo extend 3h')
    assert.match(capped.stdout, /^Extended until .*, 1 h 59 min left\. Capped: 2h is the maximum of pool /)
    const refused = await inside(port, 'extend 1m')
    assert.match(refused.stderr, /^Not extended: 2h is the maximum of pool .* It ends at /)
    assert.equal(refused.code, 1)
  })

  it('is not extended by anything but a duration', async () => {
    for (const bad of ['30', 'forever', '-- -1m', '0m', '30m 30m', '"30m\nrelease"']) {
      const { code, stderr } = await inside(port, `extend ${bad}`)
      assert.deepEqual([code, stderr.split(',')[0]], [2, 'usage: extend [DURATION]'], bad)
    }
  })

  it('is extended after a restart of the container', async () => {
    await docker('restart', '--time', '0', held.containers[1]?.name ?? '')
    await eventually(async () => canLogIn({ port, username: 'alice', password: 'test' }))
    await eventually(async () => (await inside(port, 'extend 30m')).stderr.startsWith('Not extended: 2h is'))
  })

  it('is released when its tenant confirms it', { timeout: MINUTE }, async () => {
    const asked = await inside(port, 'release')
    assert.match(asked.stderr, /^This ends the reservation: all its 2 containers .* Say so with: release --yes$/)
    const session = await login({ port, username: 'alice', password: 'test' })
    const terminal = await session.shell()
    terminal.type('release\r')
    await eventually(async () => terminal.shown.includes('Release? [y/N]'))
    terminal.type('n\r')
    await eventually(async () => terminal.shown.includes('Not released.'))
    const other = await login({ port: held.containers[0]?.port ?? 0, username: 'alice', password: 'test' })
    const peer = await other.shell()
    terminal.type('release\r')
    await eventually(async () => terminal.shown.split('Release? [y/N]').length === 3)
    terminal.type('y\r')
    await Promise.all([session.closed, other.closed])
    for (const { shown } of [terminal, peer]) assert.match(shown, /\*\*\* This reservation was released\. /)
    const ended = async () =>
      (await manager.get<{ outcome: string; state: string }>(`/v1/reservations/${held.id}`)).body
    await eventually(async () => (await ended()).state === 'ended')
    assert.equal((await ended()).outcome, 'released')
  })
})

it('a pool without self-service says whom to ask', async () => {
  const held = await reserve(manager, { pool: `${manager.pool}off` })
  const port = held.containers[0]?.port ?? 0
  const { stdout } = await inside(port, 'cat /etc/motd; time-left')
  assert.match(
    stdout,
    /How long is left: time-left\nTo extend or release it, ask the person who gave you this container\.\n/,
  )
  assert.match(stdout, / left, until /)
  for (const command of ['extend 30m', 'release --yes']) {
    const { code, stderr } = await inside(port, command)
    assert.match(stderr, /^This pool does not let tenants do that\. Ask the person who gave you this container\.$/)
    assert.equal(code, 1)
  }
  // A tenant can write to the pipe without the command.
  const earlier = await endOf(held)
  await inside(port, 'echo extend 30m 0123456789ab >/run/berth/requests; sleep 1')
  assert.match(
    (await inside(port, 'sed -n 1,3p /run/berth/reply')).stdout,
    /^0123456789ab\nrefused\nThis pool does not/,
  )
  assert.equal(await endOf(held), earlier)
})

it('an image without the commands names the command berth, and where it works', async () => {
  // The image is built on berth/box, but does not start its entrypoint.
  const held = await reserve(manager, { pool: `${manager.pool}own` })
  const { stdout } = await inside(held.containers[0]?.port ?? 0, 'cat /etc/motd')
  const command = `berth extend ${held.id.slice(0, 8)} --by 30m`
  assert.ok(stdout.includes(`To extend it, on the machine where it was reserved: ${command}`), stdout)
  assert.doesNotMatch(stdout, /Commands|time-left/)
  const { code, stderr } = await inside(held.containers[0]?.port ?? 0, 'extend 30m')
  assert.deepEqual([code, stderr.split(': ')[1]], [1, command])
})

it('the commands work with accounts that Ansible makes', async () => {
  const held = await reserve(ansible, {})
  const earlier = await endOf(held, ansible)
  const port = held.containers[0]?.port ?? 0
  assert.match((await inside(port, 'time-left')).stdout, /^(1 h|59 min) left, until /)
  assert.match((await inside(port, 'extend 30m')).stdout, /^Extended until /)
  assert.equal(await endOf(held, ansible), earlier + 30 * MINUTE)
})
