/** What keys do in a table whose rows have the focus. */

export type TableAction =
  | { readonly kind: 'move'; readonly to: number; readonly extend: boolean }
  | { readonly kind: 'toggle' | 'extend' | 'open' | 'all' | 'none' }

interface Press {
  readonly key: string
  readonly shift: boolean
  readonly ctrl: boolean
}

/** Rows that PageUp and PageDown go over. */
const PAGE = 20

/** Returns what a key does at the row with this index, or null if it does nothing in a table. */
export function actionOf({ key, shift, ctrl }: Press, index: number, count: number): TableAction | null {
  const last = Math.max(0, count - 1)
  const move = (to: number): TableAction => ({ kind: 'move', to: Math.max(0, Math.min(last, to)), extend: shift })
  if (ctrl) return key.toLowerCase() === 'a' ? { kind: 'all' } : null
  switch (key) {
    case 'ArrowDown':
      return move(index + 1)
    case 'ArrowUp':
      return move(index - 1)
    case 'PageDown':
      return move(index + PAGE)
    case 'PageUp':
      return move(index - PAGE)
    case 'Home':
      return move(0)
    case 'End':
      return move(last)
    case 'Enter':
      return { kind: 'open' }
    case 'x':
    case 'X':
    case ' ':
      return { kind: shift ? 'extend' : 'toggle' }
    case 'Escape':
      return { kind: 'none' }
    default:
      return null
  }
}
