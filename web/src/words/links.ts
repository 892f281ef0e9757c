/** Finds web addresses in text that people wrote, such as the address of a CI run in a note. */

export interface TextPart {
  readonly text: string
  /** null: plain text. */
  readonly href: string | null
}

const ADDRESS = /https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]/g

/** Returns the text in parts. Only http and https become links, so that text cannot run a script. */
export function withLinks(text: string): TextPart[] {
  const parts: TextPart[] = []
  let end = 0
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    if (index > end) parts.push({ text: text.slice(end, index), href: null })
    parts.push({ text: found, href: URL.canParse(found) ? found : null })
    end = index + found.length
  }
  if (end < text.length) parts.push({ text: text.slice(end), href: null })
  return parts
}
