import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { OutputFiles } from '../../../src/accounts/ansible/output-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-outputs-'))
after(() => rmSync(folder, { recursive: true }))

it('keeps the end of an output that is too long', async () => {
  const path = join(folder, 'large', 'lab-1.log')
  const where = await new OutputFiles(join(folder, 'large')).keep('lab-1', `${'x'.repeat(3 * 2 ** 20)} the failure`)
  assert.equal(where, `Ansible's output: ${path}`)
  const text = readFileSync(path, 'utf8')
  assert.match(text, /^… the first \d+ bytes were omitted\nx+ the failure$/)
  assert.ok(statSync(path).size < 2 ** 20 + 100)
})

it('keeps a bounded number of files, the latest ones', async () => {
  const directory = join(folder, 'many')
  const files = new OutputFiles(directory)
  for (let number = 1; number <= 103; number += 1) {
    await files.keep(`lab-${number}`, 'failed')
  }
  const names = readdirSync(directory)
  assert.equal(names.length, 100)
  assert.ok(names.includes('lab-103.log') && !names.includes('lab-1.log'))
})

it('says why an output cannot be kept, and does not fail', async () => {
  writeFileSync(join(folder, 'file'), '')
  const files = new OutputFiles(join(folder, 'file'))
  assert.match(await files.keep('lab-1', 'failed'), /^Ansible's output could not be kept: E/)
  await files.remove('lab-1')
})
