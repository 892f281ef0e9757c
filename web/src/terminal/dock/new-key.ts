/** Returns a key for a tab. crypto.randomUUID exists on https and localhost only. */
export function newKey(): string {
  return crypto.getRandomValues(new Uint32Array(2)).join('-')
}
