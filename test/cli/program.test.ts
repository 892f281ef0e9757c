/** The help of the command: its groups, and its examples. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Command } from 'commander'
import { EXAMPLES } from '../../src/cli/examples.ts'
import { findCommand } from '../../src/cli/completion.ts'
import { createProgram } from '../../src/cli/program.ts'
import { readEnvironment } from '../../src/cli/environment.ts'
import { systemClock } from '../../src/ports/clock.ts'

const { stdin, stdout, stderr } = process
const interrupts = { takeOver: () => new AbortController().signal, leave() {}, exitCode: () => null }
const environment = readEnvironment({})
const program = createProgram({ args: [], environment, stdin, stdout, stderr, clock: systemClock, interrupts })

function find(path: readonly string[]): Command {
  return path.reduce((command, name) => findCommand(command, name) ?? assert.fail(`no command ${name}`), program)
}

describe('the help', () => {
  it('groups all commands', () => {
    const help = program.helpInformation()
    const groups = [...help.matchAll(/^(\S.*):$/gm)].map(([, title]) => title)
    assert.deepEqual(groups, ['Options', 'Use containers', 'Look', 'Set up this command', 'Run a manager'])
    assert.doesNotMatch(help, /^Commands:/m)
  })

  for (const [name, examples] of Object.entries(EXAMPLES)) {
    it(`of ${name} has examples that exist`, () => {
      const command = find(name.split(' '))
      const flags = [...command.options, ...program.options].flatMap(({ short, long }) => [short, long])
      for (const [line] of examples) {
        assert.ok(line.includes(`berth ${name}`), line)
        const own = line.slice(line.indexOf('berth ')).split(' -- ')[0] ?? ''
        for (const [flag] of own.matchAll(/(?<= )--?[a-z][a-z-]*/g))
          assert.ok(flags.includes(flag), `${flag} in ${line}`)
      }
    })
  }
})
