/** What the keys beside the line field send. */

export type TouchKey = 'Esc' | 'Tab' | 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight'

const SEQUENCES: Readonly<Record<TouchKey, string>> = {
  Esc: '\u001b',
  Tab: '\t',
  ArrowUp: '\u001b[A',
  ArrowDown: '\u001b[B',
  ArrowRight: '\u001b[C',
  ArrowLeft: '\u001b[D',
}

/** Returns what a key sends after the text that is in the field. `application`: the program wants arrows as ESC O. */
export function keyInput(key: TouchKey, line: string, application: boolean): string {
  const sequence = SEQUENCES[key]
  return line + (application ? sequence.replace('\u001b[', '\u001bO') : sequence)
}

/** Returns the control character of a letter, such as 3 for "c"; null if there is none. */
export function controlInput(char: string): string | null {
  const code = char.toUpperCase().charCodeAt(0)
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code - 0x40) : null
}
