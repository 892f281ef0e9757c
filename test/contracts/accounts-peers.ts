import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../../src/domain/errors.ts'
import type { RunningGuest } from '../support/engine/guests.ts'
import { allDone, type Bench } from './accounts-bench.ts'

const ONE = { name: 'p-1', address: '10.213.0.2' }
const TWO = { name: 'p-2', address: '10.213.0.3' }

export function peersContract({ accounts, engine, guest }: Bench): void {
  const run = async ({ id }: RunningGuest, command: string) => {
    const { stdout } = await engine.exec(id, { command: ['bash', '-c', command], timeoutMs: 5_000 })
    return stdout.trim()
  }
  const addressOf = (target: RunningGuest, name: string) =>
    run(target, `getent ahostsv4 ${name} | head -1 | cut -d' ' -f1`)

  test('a container resolves the names of its peers, and what a tenant added to /etc/hosts stays', async () => {
    const target = await guest()
    const before = await run(target, 'cat /etc/hosts')
    await run(target, 'printf "192.0.2.1 mine" >>/etc/hosts')
    allDone(await accounts.writePeerNames([target], [ONE, TWO]))
    allDone(await accounts.writePeerNames([target], [ONE, TWO]))
    assert.deepEqual([await addressOf(target, 'p-1'), await addressOf(target, 'p-2')], [ONE.address, TWO.address])
    allDone(await accounts.writePeerNames([target], [{ ...TWO, address: '10.213.0.9' }]))
    assert.deepEqual([await addressOf(target, 'p-1'), await addressOf(target, 'p-2')], ['', '10.213.0.9'])
    const after = await run(target, "sed '/^# /,/^# /d' /etc/hosts")
    assert.equal(after, `${before}\n192.0.2.1 mine`)
  })

  test("a container's own name resolves to the address at which its peers reach it", async () => {
    const target = await guest()
    allDone(await accounts.writePeerNames([target], [{ name: target.name, address: ONE.address }]))
    const first = await run(target, `grep -m1 ${target.name} /etc/hosts | cut -f1`)
    assert.equal(first, ONE.address, 'it comes before the line of Docker')
  })

  test('a hosts file that a tenant has filled is neither read nor changed', async () => {
    const target = await guest()
    await run(target, 'yes "# full" | head -c 300000 >>/etc/hosts')
    const size = await run(target, 'stat -c %s /etc/hosts')
    const error = (await accounts.writePeerNames([target], [ONE])).get(target.name)
    assert.ok(hasCode(error, 'guest_failed'))
    assert.match(error.message, /more than 262144 bytes/)
    assert.equal(await run(target, 'stat -c %s /etc/hosts'), size)
  })
}
