/** deploy/logrotate, with the log of a real manager. */
import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { runTool } from '../support/test-tools.ts'
import { ROOT } from '../support/text/markdown.ts'

const manager = await testManager('rotated', { size: 1, top: { engine: 'memory' } })

it('logrotate renews the log of a manager that serves, and loses no line', async () => {
  const log = join(manager.folder, 'berth.log')
  const settings = join(manager.folder, 'logrotate')
  const shipped = readFileSync(join(ROOT, 'deploy/logrotate/berth'), 'utf8')
  assert.ok(shipped.includes('\n/var/log/berth/berth.log {'))
  writeFileSync(settings, shipped.replace('\n/var/log/berth/berth.log {', `\n${log} {`))
  chmodSync(settings, 0o644)
  const rotate = (...args: string[]) =>
    runTool('logrotate', [...args, '--state', join(manager.folder, 'state'), settings])

  await manager.start({}, log)
  await manager.untilReady()
  const reserveAndRelease = async () => {
    const { body } = await manager.send('POST', '/v1/reservations', {})
    await manager.get('/release_all')
    await manager.untilReady()
    return (body as { id: string }).id
  }
  const before = await reserveAndRelease()
  await eventually(async () => readFileSync(log, 'utf8').includes(before))

  const tried = await rotate('--debug')
  assert.equal(tried.code, 0, tried.output)
  assert.doesNotMatch(tried.output, /error|ignoring/i)
  const rotated = await rotate('--force')
  assert.equal(rotated.code, 0, rotated.output)

  const later = await reserveAndRelease()
  await eventually(async () => readFileSync(log, 'utf8').includes(later))
  assert.match(readFileSync(`${log}.1`, 'utf8'), new RegExp(before))
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
  // A file with a hole would begin with zero bytes.
  assert.ok(lines.every((line) => 'level' in (JSON.parse(line) as object)))
  assert.doesNotMatch(lines.join('\n'), new RegExp(before))
})
