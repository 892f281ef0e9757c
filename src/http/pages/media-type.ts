/** Content negotiation (RFC 9110, 12.5.1) between a page for browsers and text for everything else. */

/** Returns whether this Accept header prefers text/html to text/plain. Without a preference it is plain text. */
export function prefersHtml(accept = ''): boolean {
  return weightOf('text/html', accept) > weightOf('text/plain', accept)
}

/** Returns the weight of a media type, from 0 to 1. The most specific range counts. */
function weightOf(type: string, accept: string): number {
  const weights = new Map(accept.split(',').map(readRange))
  return weights.get(type) ?? weights.get('text/*') ?? weights.get('*/*') ?? 0
}

function readRange(text: string): [range: string, weight: number] {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice('q='.length)
  return [range, weight === undefined ? 1 : Number(weight) || 0]
}
