/** How options and arguments are written. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { splitAtDashes } from '../../../src/cli/options/arguments.ts'

describe('the words after "--"', () => {
  const cases: readonly [typed: string, name: string | undefined, words: string][] = [
    ['ssh', undefined, ''],
    ['ssh web', 'web', ''],
    ['ssh web uptime', 'web', 'uptime'],
    ['ssh web -- ls -l', 'web', 'ls -l'],
    ['ssh -- hostname', undefined, 'hostname'],
    ['ssh -- ls -l', undefined, 'ls -l'],
    ['ssh web -- ls -- -x', 'web', 'ls -- -x'],
    ['ssh web --', 'web', ''],
    ['ssh --', undefined, ''],
  ]
  for (const [typed, name, words] of cases) {
    it(`are no name: berth ${typed}`, () => {
      const all = typed.split(' ')
      // What commander hands on: all but the first "--".
      const dashes = all.indexOf('--')
      const given = all.filter((_, index) => index > 0 && index !== dashes)
      const { before, after } = splitAtDashes(all, given)
      assert.deepEqual({ name: before[0], words: [...before.slice(1), ...after].join(' ') }, { name, words })
    })
  }
})
