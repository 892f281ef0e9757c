import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hasCode } from '../../src/domain/errors.ts'
import type { RunningGuest } from '../support/engine/guests.ts'
import { allDone, type Bench } from './accounts-bench.ts'

export function preparingContract({ accounts, engine, guests }: Bench): void {
  const playbook = fileURLToPath(new URL('playbooks/site.yml', import.meta.url))

  test('a playbook runs on several containers at once', async () => {
    const targets = await guests(3)
    allDone(await accounts.prepare(targets, playbook))
    for (const { id, name } of targets) {
      const { stdout } = await engine.exec(id, { command: ['cat', '/etc/prepared'], timeoutMs: 5_000 })
      assert.equal(stdout, `prepared ${name}\n`)
    }
  })

  test('keys and marks of the container are removed before it becomes an image; those of its base image stay', async () => {
    const [guest] = (await guests(1)) as [RunningGuest]
    const run = async (script: string) =>
      (await engine.exec(guest.id, { command: ['sh', '-c', script], timeoutMs: 5_000 })).stdout
    await run('touch /var/lib/berth-taken; touch -d 2001-01-01 /etc/ssh/ssh_host_of_image_key')
    const list = 'cd /; ls -d etc/ssh/ssh_host_* var/lib/berth-* run/berth-listens 2>/dev/null'
    assert.match(await run(list), /ssh_host_ed25519_key\n/)
    await accounts.generalize(guest)
    await accounts.generalize(guest)
    assert.equal(await run(list), 'etc/ssh/ssh_host_of_image_key\n')
  })

  test('the outcome names the task that failed, for the container where it failed', async () => {
    const [good, bad] = (await guests(2)) as [RunningGuest, RunningGuest]
    await engine.exec(bad.id, { command: ['mkdir', '/etc/prepared'], timeoutMs: 5_000 })
    const outcomes = await accounts.prepare([good, bad], playbook)
    assert.equal(outcomes.get(good.name), null)
    const error = outcomes.get(bad.name)
    assert.ok(hasCode(error, 'guest_failed'))
    assert.match(error.message, /^task "Install the file" failed on \S+: ./)
  })
}
