/** Key sequences of shortcuts: "r", "Ctrl+K", "g p" (first g, then p). */

/** Maximum pause between the two keys of a sequence. */
const MAX_PAUSE_MS = 1_500

export interface Key {
  /** As in `KeyboardEvent.key`. */
  readonly key: string
  readonly ctrl: boolean
  readonly at: number
}

/** Returns the key as shortcuts write it: "Ctrl+K", "r", "/", "?", "Escape". */
function nameOf({ key, ctrl }: Pick<Key, 'key' | 'ctrl'>): string {
  return ctrl ? `Ctrl+${key.toUpperCase()}` : key
}

/**
 * Returns the shortcut that the latest keys complete, or null. After g, the key r completes "g r" rather than "r".
 */
export function completedBy(keys: readonly Key[], shortcuts: readonly string[]): string | null {
  const last = keys.at(-1)
  if (!last) return null
  const before = keys.at(-2)
  const isSequence = before !== undefined && last.at - before.at <= MAX_PAUSE_MS
  const sequence = isSequence ? `${nameOf(before)} ${nameOf(last)}` : null
  if (sequence !== null && shortcuts.includes(sequence)) return sequence
  // After the first key of a sequence, a key that completes none does nothing.
  if (isSequence && shortcuts.some((shortcut) => shortcut.startsWith(`${nameOf(before)} `))) return null
  const single = nameOf(last)
  return shortcuts.includes(single) ? single : null
}
