import { forJson } from './foreign-text.ts'

/** Maximum number of characters of a refused value in a message. */
const MAX_SHOWN = 64

/** Returns the text that is refused, to follow what is allowed; nothing if there is none. Not for secrets. */
export function gotText(text: string | undefined): string {
  return text === undefined ? '' : `, got ${forJson(text.slice(0, MAX_SHOWN))}`
}
