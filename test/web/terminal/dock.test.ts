import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type DockAction,
  dockAfter,
  type DockState,
  EMPTY,
  parseStored,
  storedText,
  tabTitle,
} from '../../../web/src/terminal/dock/dock-state.ts'

/** The state in words: "*a:alpine-1/t1 b:alpine-2/- minimized"; * is before the active tab. */
function words({ tabs, active, size }: DockState): string {
  const shown = tabs.map((tab) => `${tab.key === active ? '*' : ''}${tab.key}:${tab.container}/${tab.terminal ?? '-'}`)
  return [...shown, size].join(' ')
}

const after = (...actions: readonly DockAction[]) => words(actions.reduce(dockAfter, EMPTY))
const open = (key: string, container: string): DockAction => ({ type: 'open', key, container })
const A = open('a', 'alpine-1')
const B = open('b', 'alpine-2')
const C: DockAction = { type: 'open-another', key: 'c', container: 'alpine-1' }

describe('the dock', () => {
  const cases: readonly [what: string, state: string, ...actions: DockAction[]][] = [
    ['opens a terminal', '*a:alpine-1/- normal', A],
    [
      'shows the terminal that is open in the container',
      '*a:alpine-1/- b:alpine-2/- normal',
      A,
      B,
      open('x', 'alpine-1'),
    ],
    [
      'opens another one where the shell has ended',
      'a:alpine-1/- *x:alpine-1/- normal',
      A,
      { type: 'over', key: 'a', over: true },
      open('x', 'alpine-1'),
    ],
    ['opens another one on request', 'a:alpine-1/- *c:alpine-1/- normal', A, C],
    ['remembers the shell', '*a:alpine-1/t1 normal', A, { type: 'made', key: 'a', terminal: 't1' }],
    [
      'continues a shell once',
      '*a:alpine-1/t1 normal',
      A,
      { type: 'made', key: 'a', terminal: 't1' },
      { type: 'continue', key: 'x', container: 'alpine-1', terminal: 't1' },
    ],
    [
      'shows the tab to the right after a close',
      '*b:alpine-2/- c:alpine-1/- normal',
      A,
      B,
      C,
      { type: 'select', key: 'a' },
      { type: 'close', key: 'a' },
    ],
    [
      'shows the tab to the left if there is none',
      'a:alpine-1/- *b:alpine-2/- normal',
      A,
      B,
      C,
      { type: 'close', key: 'c' },
    ],
    ['keeps the active tab when another one closes', '*b:alpine-2/- normal', A, B, { type: 'close', key: 'a' }],
    ['is empty after the last one', 'normal', A, { type: 'size', size: 'full' }, { type: 'close', key: 'a' }],
    ['goes round to the right', '*a:alpine-1/- b:alpine-2/- normal', A, B, { type: 'step', by: 1 }],
    [
      'goes round to the left',
      'a:alpine-1/- *b:alpine-2/- normal',
      A,
      B,
      { type: 'step', by: -1 },
      { type: 'step', by: -1 },
    ],
    [
      'comes up when a terminal is opened',
      'a:alpine-1/- *b:alpine-2/- normal',
      A,
      { type: 'size', size: 'minimized' },
      B,
    ],
    ['stays large', 'a:alpine-1/- *b:alpine-2/- full', A, { type: 'size', size: 'full' }, B],
  ]
  for (const [what, state, ...actions] of cases) it(what, () => equal(after(...actions), state))

  it('is never too small to read', () => {
    equal(dockAfter(EMPTY, { type: 'resize', height: 3 }).height, 160)
  })

  it('numbers the terminals of one container', () => {
    const { tabs } = [A, B, C].reduce(dockAfter, EMPTY)
    deepEqual(
      tabs.map((tab) => tabTitle(tabs, tab)),
      ['alpine-1 (1)', 'alpine-2', 'alpine-1 (2)'],
    )
  })
})

describe('terminals over a reload', () => {
  const shells: readonly DockAction[] = [A, B, { type: 'made', key: 'a', terminal: 't1' }]
  const state = shells.reduce(dockAfter, EMPTY)

  it('are restored, but none is opened again', () => {
    equal(words(parseStored(storedText(state, 'ada'), 'ada')), '*a:alpine-1/t1 normal')
  })

  const cases: readonly [what: string, text: string | null][] = [
    ['of shells that have ended', storedText(dockAfter(state, { type: 'over', key: 'a', over: true }), 'ada')],
    ['of another identity', storedText(state, 'bob')],
    ['of nothing', null],
    ['of invalid JSON', '{'],
    ['of what has no tabs', '{"identity":"ada","tabs":3}'],
    ['of invalid tabs', '{"identity":"ada","tabs":[null,3,{"key":"a"}]}'],
  ]
  for (const [what, text] of cases)
    it(`do not come out ${what}`, () => equal(words(parseStored(text, 'ada')), 'normal'))
})
