import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EscapeReader } from '../../../src/domain/terminal/escape-sequences.ts'

/** Marks every place at which output may begin with "|". */
function cuts(text: string): string {
  const reader = new EscapeReader()
  const marked: number[] = []
  for (const byte of Buffer.from(text)) {
    if (reader.canBeginWith(byte)) marked.push(0x7c)
    marked.push(byte)
    reader.read(byte)
  }
  return Buffer.from(marked).toString()
}

describe('output can be cut', () => {
  const CASES: readonly [what: string, marked: string][] = [
    ['between characters', '|a|b|\r|\n'],
    ['not in a character', '|é|€|🚢|x'],
    ['not in a colour', '|\x1b[1;31m|x'],
    ['not in a sequence with intermediate bytes', '|\x1b[?25 q|x'],
    ['not in a title', '|\x1b]0;a title\x07|x'],
    ['not in a title that ends with ST', '|\x1b]0;a|b\x1b\\|x'.replace('a|b', 'ab')],
    ['not in a graphic with line feeds', '|\x1bPq\n#0\n\x1b\\|x'],
    ['not in the choice of a character set', '|\x1b(B|x'],
    ['after a sequence of two bytes', '|\x1b7|x'],
    ['after a sequence that was cancelled', '|\x1b[12\x18|x'],
    ['after a sequence that another one cancelled', '|\x1b[12\x1b[m|x'],
  ]
  for (const [what, marked] of CASES) {
    it(what, () => {
      assert.equal(cuts(marked.replaceAll('|', '')), marked)
    })
  }
})
