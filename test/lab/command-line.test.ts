/** Programs that `just` runs refuse a wrong command line in one line. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const CASES: readonly [command: readonly string[], message: RegExp][] = [
  [['prove/soak.ts', '--bogus'], /^just soak: Unknown option '--bogus'.*; usage: just soak \[--minutes 10\] .*\n$/],
  [['prove/soak.ts', '--help'], /^just soak: Unknown option '--help'.*; usage: .*\n$/],
  [['prove/soak.ts', '--size', '1'], /^just soak: --size "1" is invalid; usage: .*\n$/],
  [['prove/main.ts', '--bogus'], /^just prove: no such proof: --bogus; there are .*residue.*\n$/],
  [['bench/main.ts', '--bogus'], /^just bench: Unknown option '--bogus'.*\n$/],
  [['bench/main.ts', 'bogus'], /^just bench: no such benchmark: bogus; there are .*reserve.*\n$/],
]

describe('a wrong command line', () => {
  for (const [command, message] of CASES) {
    it(`is refused in one line: ${command.join(' ')}`, () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' })
      assert.deepEqual([status, stdout], [2, ''])
      assert.match(stderr, message)
    })
  }
})
