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
  [['lab/simulate/main.ts', '--bogus'], /^just simulate: Unknown option '--bogus'.*; usage: just simulate .*\n$/],
  [
    ['lab/simulate/main.ts', '--hours', '25'],
    /^just simulate: --hours must be a whole number from 1 to 24, got "25"; /,
  ],
  [
    ['lab/simulate/main.ts', '--pools', '9', '--containers', '8'],
    /^just simulate: --containers must be at least --pools \(9\), got 8; .*\n$/,
  ],
  [
    ['lab/simulate/main.ts', '--database', 'postgres://u:p@h/d'],
    /^just simulate: .*must not contain a password.*; usage: .*\n$/,
  ],
  [['lab/simulate/main.ts', '--database', 'my.db'], /^just simulate: .*must be sqlite or a URL like .*\n$/],
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
