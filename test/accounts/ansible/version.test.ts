/** The digest that names a prepared image: the same for the same contents, in any folder. */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { playbookVersion, preparationDigest } from '../../../src/accounts/ansible/version.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-version-'))
after(() => rmSync(folder, { recursive: true }))

const here = join(folder, 'here')
const playbook = join(here, 'lab.yml')
mkdirSync(join(here, 'files/deep'), { recursive: true })
writeFileSync(playbook, '- hosts: all')
writeFileSync(join(here, 'files/deep/motd'), 'hello')
writeFileSync(join(here, 'berth.yml'), 'pools: 1')
writeFileSync(join(here, 'notes.txt'), 'nothing')

const digest = (base = 'sha256:base') => preparationDigest(playbook, base)

it('is 12 hexadecimal digits, and the same for the same files in another folder and with another date', async () => {
  const before = await digest()
  assert.match(before, /^[0-9a-f]{12}$/)
  const elsewhere = join(folder, 'elsewhere')
  cpSync(here, elsewhere, { recursive: true })
  utimesSync(playbook, 1, 1)
  assert.equal(await digest(), before)
  assert.equal(await preparationDigest(join(elsewhere, 'lab.yml'), 'sha256:base'), before)
})

it('changes with the base, and with each file that Ansible loads', async () => {
  const seen = [await digest(), await digest('sha256:other')]
  const changes = { 'lab.yml': '- hosts: none', 'files/deep/motd': 'hullo', 'more.yaml': '' }
  for (const [name, content] of Object.entries(changes)) {
    const version = await playbookVersion(playbook)
    writeFileSync(join(here, name), content)
    assert.notEqual(await playbookVersion(playbook), version, `${name}: the contents are read only if this changes`)
    seen.push(await digest())
  }
  assert.equal(new Set(seen).size, seen.length)
})

it('does not change with berth.yml, or with what Ansible does not load', async () => {
  const before = [await digest(), await playbookVersion(playbook)]
  writeFileSync(join(here, 'berth.yml'), 'pools: 2, in other words')
  writeFileSync(join(here, 'notes.txt'), 'something')
  assert.deepEqual([await digest(), await playbookVersion(playbook)], before)
})

it('exists even if the playbook does not', async () => {
  assert.match(await preparationDigest(join(folder, 'missing.yml'), 'base'), /^[0-9a-f]{12}$/)
})
