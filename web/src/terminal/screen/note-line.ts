/** Inserts a grey line of the page between the lines of the shell. */

export interface Cursor {
  /** Rows and columns from 0, within the screen. */
  readonly x: number
  readonly y: number
  /** Row in which the cursor's line begins; lower than `y` if the line is wrapped. */
  readonly lineStart: number
  readonly cols: number
  readonly rows: number
}

/**
 * Returns output that inserts the text above the cursor's line. The cursor stays at its place in that line, so that
 * the shell can continue to edit it. Returns "" if the screen has no free line.
 */
export function insertedLine(text: string, { x, y, lineStart, cols, rows }: Cursor): string {
  const isAtBottom = y === rows - 1
  const start = isAtBottom ? lineStart - 1 : lineStart
  if (start < 0) return ''
  const room = isAtBottom ? `\u001b[${rows};1H\n` : ''
  const back = `\u001b[${isAtBottom ? y + 1 : y + 2};${x + 1}H`
  return `${room}\u001b[${start + 1};1H\u001b[L${grey(text.slice(0, cols))}${back}`
}

/**
 * Returns output that ends what an earlier program has left behind (mouse, colours), and adds the text as a line below
 * `lastRow`, the last one with text. null: the program used the whole screen, which is left first.
 */
export function closingLine(text: string, lastRow: number | null): string {
  const place = lastRow === null ? '\u001b[?1049l' : `\u001b[${lastRow + 1};1H`
  const modes = '\u001b[r\u001b[?1000;1002;1003;1006;1004;2004l\u001b[!p\u001b[?25h\u001b[0m'
  return `${modes}${place}\r\n${grey(text)}\r\n`
}

/** Returns output that moves the upper lines of the screen to the text above it, and the cursor to the first line. */
export function scrolledAway(lines: number, rows: number): string {
  return `\u001b[${rows};1H${'\n'.repeat(lines)}\u001b[H`
}

/** Uses bright black, whose contrast xterm raises. The attribute “dim” may halve the contrast. */
function grey(text: string): string {
  return `\u001b[90m${text}\u001b[39m`
}
