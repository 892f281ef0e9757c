import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { findConfigFile } from '../../src/config/config-file.ts'
import { ROOT } from '../support/text/markdown.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-config-file-'))
after(() => rmSync(folder, { recursive: true }))
const [here, system, checkout] = ['here', 'etc', 'checkout'].map((name) => join(folder, name, 'berth.yml'))
const places = [here ?? '', system ?? '', checkout ?? '']

function write(file = ''): void {
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, '')
}

describe('berth.yml', () => {
  it('is the file that BERTH_CONFIG names, else the first that exists', () => {
    const message = `there is no ${here}, no ${system}, no ${checkout}; BERTH_CONFIG names another file`
    assert.throws(() => findConfigFile({}, places), { code: 'invalid_config', message })
    for (const file of [checkout, system, here]) {
      write(file)
      assert.equal(findConfigFile({}, places), file)
    }
    assert.equal(findConfigFile({ BERTH_CONFIG: system }, places), system)
    assert.equal(findConfigFile({ BERTH_CONFIG: '' }, places), here)
    assert.throws(() => findConfigFile({ BERTH_CONFIG: join(folder, 'none') }, places), { code: 'invalid_config' })
  })

  it('of the checkout is found from any folder', () => {
    const before = process.cwd()
    process.chdir(folder)
    try {
      const installed = '/etc/berth/berth.yml'
      assert.equal(findConfigFile({}), existsSync(installed) ? installed : join(ROOT, 'berth.yml'))
    } finally {
      process.chdir(before)
    }
  })
})
