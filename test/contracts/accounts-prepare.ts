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

  test('the outcome names the task that failed, for the container where it failed', async () => {
    const [good, bad] = (await guests(2)) as [RunningGuest, RunningGuest]
    await engine.exec(bad.id, { command: ['mkdir', '/etc/prepared'], timeoutMs: 5_000 })
    const outcomes = await accounts.prepare([good, bad], playbook)
    assert.equal(outcomes.get(good.name), null)
    const error = outcomes.get(bad.name)
    assert.ok(hasCode(error, 'guest_failed'))
    assert.match(error.message, /^task "Install the file": ./)
  })
}
