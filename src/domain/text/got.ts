import { forJson } from './foreign-text.ts'

/** Maximum number of characters of a refused value in a message. */
const MAX_SHOWN_CHARACTERS = 64

/** Returns the end of a message that refuses a text: `, got "x"`; empty without a text. Not for secrets. */
export function gotText(text: string | undefined): string {
  return text === undefined ? '' : `, got ${forJson(text.slice(0, MAX_SHOWN_CHARACTERS))}`
}
