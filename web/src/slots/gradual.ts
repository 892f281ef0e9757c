/** Draws many changes over several frames. */
import type { Slot } from './slots.ts'

/** Whether two slots look the same. Every read of the lists makes new objects. */
export function isSameSlot(one: Slot, other: Slot): boolean {
  return (Object.keys(one) as (keyof Slot)[]).every((key) => one[key] === other[key])
}

/**
 * Returns what the next frame draws: the wanted slots, with at most `most` changes to those that are drawn. A different
 * list of slots is drawn at once.
 */
export function nextDrawn(drawn: readonly Slot[], wanted: readonly Slot[], most: number): readonly Slot[] {
  if (drawn.length !== wanted.length) return wanted
  let changes = 0
  const next: Slot[] = []
  for (const [index, slot] of wanted.entries()) {
    const before = drawn[index]
    if (before?.name !== slot.name) return wanted
    const isChanged = !isSameSlot(before, slot)
    if (isChanged) changes += 1
    next.push(isChanged && changes > most ? before : slot)
  }
  return changes > most ? next : wanted
}
