/** How pasted text is cleaned, and when to ask before pasting. */

/**
 * Returns the text without control characters other than tab and line ends. With an ESC, the text could end the
 * brackets of a bracketed paste itself, and have the rest run as if it was typed.
 */
export function cleanPaste(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/(?![\t\n])\p{Cc}/gu, '')
}

/** Returns how many lines the text has, not counting an empty one at the end. */
export function lineCount(text: string): number {
  return text.replace(/\n$/, '').split('\n').length
}

export interface PasteSituation {
  /** The program distinguishes pasted from typed text, and does not run pasted lines immediately. */
  readonly bracketed: boolean
  /** The person has agreed to several lines in this terminal before. */
  readonly agreed: boolean
}

/**
 * Returns whether to ask before the text is pasted. Several lines are asked about once per terminal; each time where
 * every line would run at once.
 */
export function mustAsk(text: string, { bracketed, agreed }: PasteSituation): boolean {
  if (!text.includes('\n')) return false
  return !(bracketed && agreed)
}
