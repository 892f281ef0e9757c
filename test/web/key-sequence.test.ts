import { equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { completedBy, type Key } from '../../web/src/keyboard/key-sequence.ts'

const SHORTCUTS = ['r', 'e', 'g r', 'g p', 'Ctrl+K', '?']

/** Keys pressed at these times in milliseconds: "g@0 r@100". */
function pressed(text: string): Key[] {
  return text.split(' ').map((one) => {
    const [, ctrl, key = '', at] = /^(Ctrl\+)?(.+)@(\d+)$/.exec(one) ?? []
    return { key, ctrl: ctrl !== undefined, at: Number(at) }
  })
}

describe('shortcuts', () => {
  const cases: readonly [keys: string, shortcut: string | null][] = [
    ['r@0', 'r'],
    ['x@0', null],
    ['g@0', null],
    ['g@0 r@100', 'g r'],
    ['g@0 r@2000', 'r'],
    ['g@0 e@100', null],
    ['g@0 x@100', null],
    ['x@0 r@100', 'r'],
    ['Ctrl+k@0', 'Ctrl+K'],
    ['Ctrl+r@0', null],
    ['?@0', '?'],
  ]
  for (const [keys, shortcut] of cases) {
    it(`${keys} is ${shortcut ?? 'no shortcut'}`, () => equal(completedBy(pressed(keys), SHORTCUTS), shortcut))
  }
})
