import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../../src/core/errors.ts'
import type { RunningGuest } from '../support/guests.ts'
import { allDone, type Bench } from './accounts-bench.ts'

export function preparingContract({ accounts, engine, guests }: Bench): void {
  const playbook = new URL('playbooks/site.yml', import.meta.url).pathname

  test('a playbook runs on several containers at once', async () => {
    const targets = await guests(3)
    allDone(await accounts.prepare(targets, playbook))
    for (const { id, name } of targets) {
      const { stdout } = await engine.exec(id, { command: ['cat', '/etc/prepared'], timeoutMs: 5_000 })
      assert.equal(stdout, `prepared ${name}\n`)
    }
  })

  test('a task that fails is named, on the container where it failed', async () => {
    const [good, bad] = (await guests(2)) as [RunningGuest, RunningGuest]
    await engine.exec(bad.id, { command: ['mkdir', '/etc/prepared'], timeoutMs: 5_000 })
    const outcomes = await accounts.prepare([good, bad], playbook)
    assert.equal(outcomes.get(good.name), null)
    const error = outcomes.get(bad.name)
    assert.ok(hasCode(error, 'guest_failed'))
    assert.match(error.message, /^task "Install the file": ./)
  })
}
