/** Which rows of a table are selected, by id. */

export interface Selection {
  readonly ids: ReadonlySet<string>
  /** Where a range begins that Shift extends: the row that was selected or deselected last. */
  readonly anchor: string | null
}

export const NOTHING_SELECTED: Selection = { ids: new Set(), anchor: null }

export function toggled({ ids }: Selection, id: string): Selection {
  const next = new Set(ids)
  if (!next.delete(id)) next.add(id)
  return { ids: next, anchor: id }
}

/** Selects every row from the anchor to this one, in the order that is shown. The anchor stays. */
export function extendedTo(selection: Selection, id: string, shown: readonly string[]): Selection {
  const to = shown.indexOf(id)
  const from = selection.anchor === null ? -1 : shown.indexOf(selection.anchor)
  if (from < 0 || to < 0) return { ids: new Set([...selection.ids, id]), anchor: id }
  const range = shown.slice(Math.min(from, to), Math.max(from, to) + 1)
  return { ids: new Set([...selection.ids, ...range]), anchor: selection.anchor }
}

export function allOf(shown: readonly string[]): Selection {
  return { ids: new Set(shown), anchor: shown[0] ?? null }
}

/** Returns the selected ids that are shown: what is done concerns only rows that the person can see. */
export function selectedOf({ ids }: Selection, shown: readonly string[]): string[] {
  return shown.filter((id) => ids.has(id))
}
