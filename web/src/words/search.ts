/** Search in the palette: every word of the query must occur; matches at the beginning of a word come first. */

export function search<T>(entries: readonly T[], query: string, textOf: (entry: T) => string, most: number): T[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean)
  return entries
    .flatMap((entry, index) => {
      const score = scoreOf(textOf(entry).toLowerCase(), wanted)
      return score === null ? [] : [{ entry, score, index }]
    })
    .toSorted((one, other) => one.score - other.score || one.index - other.index)
    .slice(0, most)
    .map(({ entry }) => entry)
}

/** Returns a lower number for a better match; null if a word does not occur. */
function scoreOf(text: string, wanted: readonly string[]): number | null {
  let score = 0
  for (const word of wanted) {
    const at = text.indexOf(word)
    if (at < 0) return null
    if (at > 0) score += /[\s/-]/.test(text[at - 1] ?? '') ? 1 : 2
  }
  return score
}
