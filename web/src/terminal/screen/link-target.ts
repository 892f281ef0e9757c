/** Links in a terminal's output were written by anybody: the target is shown before it is opened. */

/** Returns the whole address, as the browser would open it; null if it is not http or https. */
export function linkTarget(text: string): string | null {
  const url = URL.parse(text)
  return url && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : null
}
