/** Keeps the active row of a table when its rows change. */

/**
 * Returns the row that takes the place of `id` in the new rows: itself if it is there, else the next of the earlier
 * rows that still is, else the one before. null if none is left.
 */
export function placeOf(id: string, before: readonly string[], after: ReadonlySet<string>): string | null {
  if (after.has(id)) return id
  const at = before.indexOf(id)
  if (at < 0) return null
  const next = before.slice(at + 1).find((one) => after.has(one))
  return next ?? before.slice(0, at).findLast((one) => after.has(one)) ?? null
}
