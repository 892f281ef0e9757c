/** Keys that act: "r", "Ctrl+K", "g p" (one after the other). */

/** Longest pause between two keys of a sequence. */
const MAX_PAUSE_MS = 1_500

export interface Key {
  /** As in `KeyboardEvent.key`. */
  readonly key: string
  readonly ctrl: boolean
  readonly at: number
}

/** Returns the key in the words of shortcuts: "Ctrl+K", "r", "/", "?", "Escape". */
function nameOf({ key, ctrl }: Pick<Key, 'key' | 'ctrl'>): string {
  return ctrl ? `Ctrl+${key.toUpperCase()}` : key
}

/**
 * Returns the shortcut that the latest keys complete, or null. Of "g r" and "r", the sequence wins when g came just
 * before.
 */
export function completedBy(keys: readonly Key[], shortcuts: readonly string[]): string | null {
  const last = keys.at(-1)
  if (!last) return null
  const before = keys.at(-2)
  const isSequence = before !== undefined && last.at - before.at <= MAX_PAUSE_MS
  const sequence = isSequence ? `${nameOf(before)} ${nameOf(last)}` : null
  if (sequence !== null && shortcuts.includes(sequence)) return sequence
  // The first key of a sequence does not act by itself, nor does what follows it wrongly.
  if (isSequence && shortcuts.some((shortcut) => shortcut.startsWith(`${nameOf(before)} `))) return null
  const single = nameOf(last)
  return shortcuts.includes(single) ? single : null
}
