/** Returns null if the text is not a URL. `URL.parse` does the same, but Node 20, on which the client runs, lacks it. */
export function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}
