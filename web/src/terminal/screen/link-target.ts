/** Links in the output of a terminal are not trusted: their target is shown before they are opened. */

/** Returns the whole address, as the browser would open it; null if it is not http or https. */
export function linkTarget(text: string): string | null {
  const url = URL.parse(text)
  return url && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : null
}
