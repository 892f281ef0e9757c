import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { testTool } from '../support/test-tools.ts'
import { ROOT } from '../support/text/markdown.ts'

describe('scripts/test-tools', () => {
  it('has nothing to do when all programs are there', () => {
    const output = execFileSync(join(ROOT, 'scripts/test-tools'), { encoding: 'utf8' })
    assert.equal(output, 'test-tools all there, skipped\n')
  })

  it('is named by a test whose program is missing', () => {
    assert.match(testTool('promtool'), /\/bin\/promtool$/)
    assert.throws(() => testTool('nothing'), {
      message: 'nothing is missing: run scripts/test-tools, which fetches it',
    })
  })
})
