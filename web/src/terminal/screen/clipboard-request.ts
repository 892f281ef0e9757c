/** OSC 52: a program in the terminal asks to write or to read the clipboard. Reading is never answered. */

/** Longest text that a program may offer. */
const MAX_BASE64_CHARS = 100_000

/** Returns the text that the program wants to copy, or null for other or invalid requests. */
export function textToCopy(data: string): string | null {
  const at = data.indexOf(';')
  const encoded = data.slice(at + 1)
  if (at < 0 || encoded === '' || encoded === '?' || encoded.length > MAX_BASE64_CHARS) return null
  try {
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
