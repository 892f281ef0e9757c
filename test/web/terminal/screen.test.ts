import { equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { textToCopy } from '../../../web/src/terminal/screen/clipboard-request.ts'
import { actionOf, type KeyAction } from '../../../web/src/terminal/screen/key-rules.ts'
import { linkTarget } from '../../../web/src/terminal/screen/link-target.ts'
import { insertedLine } from '../../../web/src/terminal/screen/note-line.ts'
import { cleanPaste, lineCount, mustAsk } from '../../../web/src/terminal/screen/paste-rules.ts'

describe('keys in a terminal', () => {
  const cases: readonly [keys: string, without: KeyAction, withSelection: KeyAction][] = [
    ['Ctrl+c', 'shell', 'copy'],
    ['Meta+c', 'shell', 'copy'],
    ['Ctrl+Shift+C', 'copy', 'copy'],
    ['Ctrl+Insert', 'copy', 'copy'],
    ['Ctrl+Shift+V', 'browser', 'browser'],
    ['Shift+Insert', 'browser', 'browser'],
    ['Meta+v', 'browser', 'browser'],
    ['Ctrl+v', 'shell', 'shell'],
    ['Ctrl+Shift+F', 'search', 'search'],
    ['F6', 'leave', 'leave'],
    ['Shift+F6', 'shell', 'shell'],
    ['Shift+F10', 'menu', 'menu'],
    ['ContextMenu', 'menu', 'menu'],
    ['Alt+c', 'shell', 'shell'],
    ['Ctrl+w', 'shell', 'shell'],
    ['Ctrl+k', 'shell', 'shell'],
    ['Tab', 'shell', 'shell'],
    ['r', 'shell', 'shell'],
  ]
  for (const [keys, without, withSelection] of cases) {
    const words = keys.split('+')
    const pressed = {
      key: words.at(-1) ?? '',
      ctrlKey: words.includes('Ctrl'),
      shiftKey: words.includes('Shift'),
      altKey: words.includes('Alt'),
      metaKey: words.includes('Meta'),
    }
    it(`${keys}: ${without}; with a selection: ${withSelection}`, () => {
      equal(actionOf(pressed, false), without)
      equal(actionOf(pressed, true), withSelection)
    })
  }
})

describe('pasted text', () => {
  const cases: readonly [what: string, text: string, cleaned: string][] = [
    ['keeps tabs and lines', 'a\tb\nc', 'a\tb\nc'],
    ['has one kind of line end', 'a\r\nb\rc', 'a\nb\nc'],
    ['cannot end the brackets around it', 'a\u001b[201~rm\n', 'a[201~rm\n'],
    ['has no control characters', 'a\u0003\u0000\u007f\u009bb', 'ab'],
    ['keeps other languages', 'größer 語 🙂', 'größer 語 🙂'],
  ]
  for (const [what, text, cleaned] of cases) it(what, () => equal(cleanPaste(text), cleaned))

  const questions: readonly [text: string, bracketed: boolean, agreed: boolean, asks: boolean][] = [
    ['ls', false, false, false],
    ['ls\n', true, false, true],
    ['ls\npwd', true, false, true],
    ['ls\npwd', true, true, false],
    ['ls\npwd', false, true, true],
  ]
  for (const [text, bracketed, agreed, asks] of questions) {
    const situation = `${bracketed ? 'bracketed' : 'lines run at once'}, ${agreed ? 'agreed before' : 'first time'}`
    it(`${JSON.stringify(text)}, ${situation}: ${asks ? 'asks' : 'pastes'}`, () => {
      equal(mustAsk(text, { bracketed, agreed }), asks)
    })
  }

  it('has as many lines as people see', () => {
    equal(lineCount('a'), 1)
    equal(lineCount('a\nb\n'), 2)
    equal(lineCount('a\n\nb'), 3)
  })
})

describe('what a program may put in the clipboard (OSC 52)', () => {
  const cases: readonly [what: string, data: string, text: string | null][] = [
    ['text', 'c;aGVsbG8=', 'hello'],
    ['text in UTF-8', 'c;w7w=', 'ü'],
    ['text for no clipboard in particular', ';aGVsbG8=', 'hello'],
    ['never an answer to a read', 'c;?', null],
    ['nothing that clears it', 'c;', null],
    ['nothing that is not base64', 'c;%%%', null],
    ['nothing that is not text', 'c;/w==', null],
    ['nothing without an end', 'aGVsbG8=', null],
    ['nothing of more than 100 kB', `c;${'AAAA'.repeat(25_001)}`, null],
  ]
  for (const [what, data, text] of cases) it(what, () => equal(textToCopy(data), text))
})

describe('targets of links', () => {
  const cases: readonly [text: string, target: string | null][] = [
    ['https://example.org/a?b=c', 'https://example.org/a?b=c'],
    ['http://example.org', 'http://example.org/'],
    // Letters that look like others show as what they are.
    ['https://аpple.example', 'https://xn--pple-43d.example/'],
    ['javascript:alert(1)', null],
    ['data:text/html,x', null],
    ['file:///etc/passwd', null],
    ['no link', null],
  ]
  for (const [text, target] of cases) it(text, () => equal(linkTarget(text), target))
})

describe('a line of the page between those of the shell', () => {
  const cases: readonly [what: string, cursor: Parameters<typeof insertedLine>[1], output: string][] = [
    [
      'pushes the line of the cursor down',
      { x: 5, y: 3, lineStart: 3, cols: 80, rows: 24 },
      '\u001b[4;1H\u001b[L\u001b[90mnote\u001b[39m\u001b[5;6H',
    ],
    [
      'stays above a wrapped line',
      { x: 5, y: 3, lineStart: 2, cols: 80, rows: 24 },
      '\u001b[3;1H\u001b[L\u001b[90mnote\u001b[39m\u001b[5;6H',
    ],
    [
      'scrolls first at the bottom',
      { x: 5, y: 23, lineStart: 23, cols: 80, rows: 24 },
      '\u001b[24;1H\n\u001b[23;1H\u001b[L\u001b[90mnote\u001b[39m\u001b[24;6H',
    ],
    [
      'is cut at the edge',
      { x: 0, y: 0, lineStart: 0, cols: 2, rows: 24 },
      '\u001b[1;1H\u001b[L\u001b[90mno\u001b[39m\u001b[2;1H',
    ],
    ['is omitted if the screen has no free line', { x: 0, y: 1, lineStart: 0, cols: 80, rows: 2 }, ''],
  ]
  for (const [what, cursor, output] of cases) it(what, () => equal(insertedLine('note', cursor), output))
})
