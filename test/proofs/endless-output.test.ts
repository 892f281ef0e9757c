/** A tenant with sudo whose bash writes without end: it is started in their container for each notice. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../src/engine/docker/api/client.ts'
import { execute } from '../../src/engine/docker/api/exec.ts'
import { docker } from '../../lab/docker.ts'
import { testManager } from '../../lab/manager.ts'
import { tried } from '../../lab/proof.ts'
import { loginAndRun } from '../support/ssh.ts'

const manager = await testManager('endless', { size: 1 })
const container = `${manager.pool}-1`
const SECONDS = 5
/** Bytes a second, which cost the engine next to nothing. */
const SLOW = 2e6
/** Bytes a second that the engine reads and drops when no reader is connected: a core does hundreds of millions. */
const FAST = 10 * SLOW
/** Of a core, for the manager. */
const LITTLE = 0.1

before(async () => {
  await manager.start()
  await manager.untilReady()
  const { containers, username, password } = await manager.reserve({ username: 'loud', duration: 30 })
  const replace = `printf '#!/bin/sh\\nexec cat /dev/zero\\n' >/tmp/loud; chmod 755 /tmp/loud; sudo mv -f /tmp/loud /bin/bash`
  await loginAndRun({ port: containers[0]?.port ?? 0, username, password }, replace)
})

/** Bytes that the container's processes have written. */
async function written(): Promise<number> {
  const [, ...pids] = (await docker('top', container, '-eo', 'pid')).split('\n')
  const bytes = pids.map((pid) => Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid.trim()}/io`, 'utf8'))?.[1]))
  return bytes.reduce((sum, one) => sum + one, 0)
}

async function managerSeconds(): Promise<number> {
  const text = await (await fetch(`${manager.url}/metrics`)).text()
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1])
}

/** How much more it is by the second, in the next ones. */
async function rateOf(value: () => Promise<number>): Promise<number> {
  const begun = [performance.now(), await value()] as const
  await sleep(SECONDS * 1000)
  return ((await value()) - begun[1]) / ((performance.now() - begun[0]) / 1000)
}

describe('output without end', () => {
  it('A command that writes endlessly in a container is abandoned and blocks: manager and engine stop reading it', async (t) => {
    const { body } = await manager.get<{ reservations: { id: string }[] }>('/v1/reservations')
    const extended = await manager.send('PATCH', `/v1/reservations/${body.reservations[0]?.id}`, { extend: '10m' })
    assert.equal(extended.status, 200, JSON.stringify(extended.body))
    await manager.shows(/wrote more than 256 KiB/)
    const [inside, outside] = await Promise.all([rateOf(written), rateOf(managerSeconds)])
    assert.ok(inside < SLOW, `${inside} bytes a second`)
    assert.ok(outside < LITTLE, `${outside} cores of the manager`)
    await manager.shows(/an earlier command in the container has not ended/)
    tried(t, 1, 'notifications')
  })

  it('is read as fast as it comes when nobody holds its stream, as before', async () => {
    const id = await docker('inspect', '--format', '{{.Id}}', container)
    const connection = connect(process.env['DOCKER_HOST'])
    const command = ['cat', '/dev/zero']
    await assert.rejects(execute(connection, id, { command }, AbortSignal.timeout(10_000)), { code: 'guest_failed' })
    const inside = await rateOf(written)
    assert.ok(inside > FAST, `${inside} bytes a second`)
    connection.close()
  })
})
